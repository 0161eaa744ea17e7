using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>The metrics that a batch asks for: makes their sums, and has the memory of those that are large.</summary>
internal sealed class TallyPlan : IDisposable
{
    private readonly Batch _batch;
    private readonly int _classes;
    private readonly bool _hasBins;
    private readonly long _reserved;

    /// <param name="batch">The batch.</param>
    /// <param name="samples">The number of its samples.</param>
    /// <param name="classes">The number of classes that are told apart.</param>
    public TallyPlan(Batch batch, long samples, int classes)
    {
        (_batch, _classes) = (batch, classes);
        if (!batch.Wants(OutputSet.Metrics)) return;
        _hasBins = batch.Options.Get(SharedOptions.ClassWiseCalibration);
        var reserved = CountBytesOfBins(batch, samples, classes);
        batch.Memory?.Take(reserved);
        _reserved = reserved;
        if (!HasEqualMass(batch)) return;
        try
        {
            Confidences = new(samples, batch.Memory);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The confidences of the batch, where bins of equal weight are asked for.</summary>
    public ConfidenceList? Confidences { get; }

    /// <summary>The bytes that metrics of a batch need.</summary>
    public static long CountBytes(Batch batch, long samples, int classes) =>
        CountBytesOfBins(batch, samples, classes) + (HasEqualMass(batch) ? ConfidenceList.CountBytes(samples) : 0);

    /// <summary>Makes an empty sum of the metrics.</summary>
    public MetricsSum NewTally()
    {
        var options = _batch.Options;
        var (hasClasses, hasMatrix) = (options.Get(SharedOptions.PerClass), options.Get(SharedOptions.ConfusionMatrix));
        return new(
            options.Get(SharedOptions.TopK) ?? [], options.Get(SharedOptions.Bins), options.Get(SharedOptions.Calibration),
            hasClasses || hasMatrix ? new(_classes, hasClasses, hasMatrix) : null, _hasBins ? _classes : null)
        {
            Confidences = Confidences,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Confidences?.Dispose();
        if (_reserved > 0) _batch.Memory?.Return(_reserved);
    }

    private static bool HasEqualMass(Batch batch) =>
        batch.Wants(OutputSet.Metrics) && batch.Options.Get(SharedOptions.EqualMassCalibration);

    private static long CountBytesOfBins(Batch batch, long samples, int classes)
    {
        if (!batch.Wants(OutputSet.Metrics) || !batch.Options.Get(SharedOptions.ClassWiseCalibration)) return 0;
        var elements = batch.Predictions.Count;
        return SampleSplit.CountCores(samples, elements)
            * ClassBins.CountBytes(classes, batch.Options.Get(SharedOptions.Bins), elements, batch.SampleWeight is not null);
    }
}
