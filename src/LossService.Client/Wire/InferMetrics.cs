namespace LossService.Client.Wire;

/// <summary>Metrics from the tensors of the Open Inference Protocol, where NaN stands for a number that there is not.</summary>
internal static class InferMetrics
{
    /// <summary>Reads the metrics of a batch.</summary>
    /// <param name="tensors">The outputs, by name.</param>
    /// <param name="topK">The k of its top-k accuracies.</param>
    public static LossMetrics Read(Dictionary<string, LossTensor> tensors, IReadOnlyList<long> topK)
    {
        var top = topK.Count == 0 ? [] : Numbers(OutputNames.TopKAccuracy);
        var brier = Numbers(OutputNames.BrierParts);
        double?[] macro = [.. Numbers(OutputNames.MacroAverage).Select(OrNull)];
        return new(
            Number(OutputNames.Accuracy), topK.Zip(top).ToDictionary(pair => pair.First, pair => OrNull(pair.Second)),
            Number(OutputNames.Perplexity), Number(OutputNames.CalibrationError), Number(OutputNames.MaximumCalibrationError),
            Number(OutputNames.RootMeanSquareCalibrationError),
            new(OrNull(brier[0]), OrNull(brier[1]), OrNull(brier[2]), OrNull(brier[3])),
            [.. Rows(OutputNames.CalibrationBins).Select(ToBin)])
        {
            ClassWiseCalibration = tensors.ContainsKey(OutputNames.ClassWiseCalibrationError) ? ReadClassWise() : null,
            EqualMassCalibration = tensors.ContainsKey(OutputNames.EqualMassCalibrationError)
                ? new(Number(OutputNames.EqualMassCalibrationError), [.. Rows(OutputNames.EqualMassBins).Select(ToBin)]) : null,
            Classes = [.. Rows(OutputNames.PerClass).Select(ToClass)],
            Macro = macro is [var precision, var recall, var f1, var iou] ? new(precision, recall, f1, iou) : null,
            BalancedAccuracy = tensors.ContainsKey(OutputNames.BalancedAccuracy) ? Number(OutputNames.BalancedAccuracy) : null,
            TemperatureFit = Numbers(OutputNames.TemperatureFit) is [var fitted, var loss, var fittedLoss, var error, var fittedError]
                ? new(OrNull(fitted), OrNull(loss), OrNull(fittedLoss), OrNull(error), OrNull(fittedError)) : null,
            ConfusionMatrix = [.. Rows(OutputNames.ConfusionMatrix)],
        };

        double? Number(string name) => OrNull(tensors[name].AsSpan<double>()[0]);

        LossClassWiseCalibration ReadClassWise()
        {
            // each row begins with its class
            var bins = Rows(OutputNames.ClassCalibrationBins).ToLookup(row => (int)row[0], row => ToBin(row[1..]));
            return new(Number(OutputNames.ClassWiseCalibrationError),
                [
                    .. Numbers(OutputNames.ClassCalibrationErrors).Select((error, c) =>
                        new LossReliabilityDiagram(OrNull(error), [.. bins[c]])),
                ]);
        }

        double[] Numbers(string name) => tensors.TryGetValue(name, out var tensor) ? tensor.AsSpan<double>().ToArray() : [];

        IEnumerable<double[]> Rows(string name) => Numbers(name) is { Length: > 0 } numbers
            ? numbers.Chunk((int)tensors[name].Shape[1]) : [];
    }

    private static LossCalibrationBin ToBin(double[] row) =>
        new(row[0], row[1], (long)row[2], row[3], OrNull(row[4]), OrNull(row[5]));

    private static LossClassMetrics ToClass(double[] row) =>
        new(row[0], row[1], row[2], row[3], row[4], OrNull(row[5]), OrNull(row[6]), OrNull(row[7]), OrNull(row[8]));

    private static double? OrNull(double number) => double.IsNaN(number) ? null : number;
}
