using System.Buffers;
using LossService.Core.Outputs;

namespace LossService.Formats.Json;

/// <summary>Bins by confidence, as members of the metrics.</summary>
internal static class JsonCalibration
{
    /// <summary>Writes <c>,"class_wise_calibration": {…}, "equal_mass_calibration": {…}</c>, if asked for.</summary>
    public static void Write(Metrics metrics, IBufferWriter<byte> body)
    {
        if (metrics.ClassWise is { } classWise)
        {
            body.Write(",\"class_wise_calibration\":{\"calibration_error\":"u8);
            body.WriteNumber(classWise.CalibrationError);
            body.Write(",\"classes\":["u8);
            for (var c = 0; c < classWise.Classes.Count; c++)
            {
                if (c > 0) body.Write(","u8);
                Write(classWise.Classes[c], body);
            }
            body.Write("]}"u8);
        }
        if (metrics.EqualMass is not { } equalMass) return;
        body.Write(",\"equal_mass_calibration\":"u8);
        Write(equalMass, body);
    }

    /// <summary>Writes <c>[{"lower": …, "upper": …, …}, …]</c>.</summary>
    public static void Write(IReadOnlyList<CalibrationBin> bins, IBufferWriter<byte> body)
    {
        body.Write("["u8);
        for (var i = 0; i < bins.Count; i++)
        {
            var bin = bins[i];
            body.Write(i == 0 ? "{\"lower\":"u8 : ",{\"lower\":"u8);
            body.WriteNumber(bin.Lower);
            body.Write(",\"upper\":"u8);
            body.WriteNumber(bin.Upper);
            body.Write(",\"samples\":"u8);
            body.WriteNumber(bin.Samples);
            body.Write(",\"weight\":"u8);
            body.WriteNumber(bin.Weight);
            body.Write(",\"accuracy\":"u8);
            body.WriteNumber(bin.Accuracy);
            body.Write(",\"confidence\":"u8);
            body.WriteNumber(bin.Confidence);
            body.Write("}"u8);
        }
        body.Write("]"u8);
    }

    private static void Write(ReliabilityDiagram diagram, IBufferWriter<byte> body)
    {
        body.Write("{\"calibration_error\":"u8);
        body.WriteNumber(diagram.CalibrationError);
        body.Write(",\"bins\":"u8);
        Write(diagram.Bins, body);
        body.Write("}"u8);
    }
}
