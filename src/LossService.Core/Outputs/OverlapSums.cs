using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Outputs;

/// <summary>The sums of the overlaps of many batches as those of one: summed exactly, rounded once, in any order the same.</summary>
public sealed class OverlapSums
{
    /// <summary>The most classes: each takes three kilobytes.</summary>
    private const int MaxClasses = 1000;

    /// <summary>The sums of a class.</summary>
    private const int Kinds = 3;

    private readonly ExactSum[] _sums;

    private OverlapSums(Tensor sums)
    {
        _sums = [.. Enumerable.Range(0, (int)sums.Count).Select(_ => new ExactSum())];
        Add(sums);
    }

    /// <summary>The sums of a batch; null where it has none, has them by item, or has more classes than 1000.</summary>
    public static OverlapSums? Of(Scores scores) =>
        scores.Sums is { } sums && sums.Shape.Rank == 2 && sums.Shape.Axes[0] <= MaxClasses ? new(sums) : null;

    /// <summary>Adds the sums of a batch.</summary>
    /// <returns>False where it has none of the same classes.</returns>
    public bool TryAdd(Scores scores)
    {
        if (scores.Sums is not { } sums || sums.Shape.Rank != 2 || sums.Count != _sums.Length) return false;
        Add(sums);
        return true;
    }

    /// <summary>Σw·p·t, Σw·p·(1 − t) and Σw·(1 − p)·t of each class, each the double nearest to the exact sum.</summary>
    public IEnumerable<double[]> Round() => _sums.Chunk(Kinds).Select(ofClass => ofClass.Select(sum => sum.Round()).ToArray());

    private void Add(Tensor sums)
    {
        foreach (var (sum, value) in _sums.Zip(sums.AsSpan<double>().ToArray())) sum.Add(value);
    }
}
