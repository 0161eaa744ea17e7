using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Formats;

/// <summary>Bins by confidence, as tensors; without elements where they were not asked for.</summary>
internal static class CalibrationTensors
{
    /// <summary>The numbers of a bin: lower, upper, samples, weight, accuracy, confidence.</summary>
    public const int Columns = 6;

    /// <summary>A row for each bin.</summary>
    public static Tensor GetBins(IReadOnlyList<CalibrationBin> bins) =>
        MetricTensor.Create(new(bins.Count, Columns), [.. bins.SelectMany(GetNumbers)]);

    /// <summary>The calibration error of each class.</summary>
    public static Tensor GetErrorsOfClasses(ClassWiseCalibration? classWise)
    {
        double?[] errors = [.. (classWise?.Classes ?? []).Select(diagram => diagram.CalibrationError)];
        return MetricTensor.Create(new(errors.Length), errors);
    }

    /// <summary>A row for each bin of each class: the class, then the numbers of the bin.</summary>
    public static Tensor GetBinsOfClasses(ClassWiseCalibration? classWise)
    {
        double?[] rows =
        [
            .. (classWise?.Classes ?? []).SelectMany((diagram, c) =>
                diagram.Bins.SelectMany(bin => GetNumbers(bin).Prepend(c))),
        ];
        return MetricTensor.Create(new(rows.Length / (1 + Columns), 1 + Columns), rows);
    }

    private static double?[] GetNumbers(CalibrationBin bin) =>
        [bin.Lower, bin.Upper, bin.Samples, bin.Weight, bin.Accuracy, bin.Confidence];
}
