using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>How far confidences are from their outcomes, from the exact sums of each bin, in double-double, rounded once.</summary>
internal sealed class CalibrationSums
{
    private readonly ExactSum _scratch = new();
    private readonly Dd _absolute, _squared, _resolution;
    private readonly double _largest;

    /// <param name="bins">The sums of the bins: of weights, confidences and outcomes.</param>
    /// <param name="weight">Σw.</param>
    /// <param name="outcomes">Σw·outcome.</param>
    public CalibrationSums(IEnumerable<(ExactSum Weight, ExactSum Confidence, ExactSum Outcome)> bins, ExactSum weight, ExactSum outcomes)
    {
        Weight = Read(weight);
        Outcome = Read(outcomes);
        if (Weight.ToScalar() == 0) return;
        var mean = Outcome / Weight;
        foreach (var bin in bins)
        {
            var share = Read(bin.Weight);
            if (share.ToScalar() == 0) continue;
            var (confidence, outcome) = (Read(bin.Confidence), Read(bin.Outcome));
            var gap = Dd.Abs(outcome - confidence);
            _absolute += gap;
            _squared += Dd.Square(gap) / share;
            _resolution += Dd.Square(outcome / share - mean) * share;
            _largest = Math.Max(_largest, (gap / share).ToScalar());
        }
    }

    /// <summary>Σ_b share_b·|gap_b|.</summary>
    public double? Expected => Mean(_absolute);

    /// <summary>The largest |gap_b|.</summary>
    public double? Maximum => Weight.ToScalar() == 0 ? null : _largest;

    /// <summary>The root of Σ_b share_b·gap_b².</summary>
    public double? RootMeanSquare => Mean(_squared) is { } mean ? Math.Sqrt(mean) : null;

    private Dd Weight { get; }

    private Dd Outcome { get; }

    /// <summary>The Brier score and its parts.</summary>
    /// <param name="squares">Σw·(confidence − outcome)².</param>
    public BrierParts GetParts(ExactSum squares) => Weight.ToScalar() == 0
        ? new(null, null, null, null)
        : new(Mean(Read(squares)), Mean(_squared), Mean(_resolution), (Outcome / Weight * ((Weight - Outcome) / Weight)).ToScalar());

    private double? Mean(Dd sum) => Weight.ToScalar() == 0 ? null : (sum / Weight).ToScalar();

    /// <summary>A sum to twice the digits of a double.</summary>
    private Dd Read(ExactSum sum)
    {
        var high = sum.Round();
        _scratch.Clear();
        _scratch.Add(sum);
        _scratch.Add(-high);
        return new(high, _scratch.Round());
    }
}
