using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>Makes a reliability diagram of bins that are summed one after another, each in the same memory.</summary>
internal sealed class DiagramSums
{
    private readonly List<CalibrationBin> _bins = [];
    private readonly ExactSum _weight = new(), _gaps = new();

    /// <summary>The sums of the bin that is not ended.</summary>
    public BinSums Bin { get; } = new();

    /// <summary>Ends a bin, which is left out where it has no samples.</summary>
    public void End(double lower, double upper)
    {
        if (Bin.Samples == 0) return;
        _bins.Add(Bin.ToBin(lower, upper));
        _weight.Add(Bin.Weight);
        Bin.Outcome.Subtract(Bin.Confidence);
        _gaps.Add(Math.Abs(Bin.Outcome.Round()));
        Bin.Clear();
    }

    /// <summary>The diagram; then there are no bins again.</summary>
    public ReliabilityDiagram Conclude()
    {
        var weight = _weight.Round();
        var diagram = new ReliabilityDiagram(weight == 0 ? null : _gaps.Round() / weight, [.. _bins]);
        _bins.Clear();
        _weight.Clear();
        _gaps.Clear();
        return diagram;
    }
}
