using System.Buffers;
using LossService.Core.Outputs;

namespace LossService.Formats.Json;

/// <summary>Totals as JSON, of a batch and of a stream.</summary>
internal static class JsonTotals
{
    /// <summary>Writes <c>{"samples": …, "weight": …, "loss": …}</c>.</summary>
    public static void Write(Totals totals, IBufferWriter<byte> body)
    {
        body.Write("{\"samples\":"u8);
        body.WriteNumber(totals.Samples);
        body.Write(",\"weight\":"u8);
        body.WriteNumber(totals.Weight);
        body.Write(",\"loss\":"u8);
        body.WriteNumber(totals.Loss);
        body.Write("}"u8);
    }
}
