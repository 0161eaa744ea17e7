using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>The totals of many batches as those of one: summed exactly, rounded once, in any order the same.</summary>
public sealed class TotalsSum
{
    private readonly ExactSum _weight = new();
    private readonly ExactSum _loss = new();
    private long _samples;

    /// <summary>Adds the totals of a batch.</summary>
    public void Add(Totals totals)
    {
        _samples += totals.Samples;
        _weight.Add(totals.Weight);
        _loss.Add(totals.Loss);
    }

    /// <summary>The totals of all batches, each number the double nearest to the exact sum.</summary>
    public Totals Round() => new(_samples, _weight.Round(), _loss.Round());
}
