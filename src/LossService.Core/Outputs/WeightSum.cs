using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>An exact sum of weights. Those that are 1, as all are where none is posted, are counted and take no accumulator.</summary>
internal struct WeightSum
{
    private long _ones;
    private ExactSum? _others;

    /// <summary>Adds a weight.</summary>
    public void Add(double weight)
    {
        if (weight == 1) _ones++;
        else if (weight != 0) (_others ??= new()).Add(weight);
    }

    /// <summary>Adds another sum.</summary>
    public void Add(in WeightSum other)
    {
        _ones += other._ones;
        if (other._others is not null) (_others ??= new()).Add(other._others);
    }

    /// <summary>Adds it all to a sum.</summary>
    public readonly void AddTo(ExactSum sum)
    {
        sum.Add(_ones);
        if (_others is not null) sum.Add(_others);
    }

    /// <summary>The sum of some, each with its sign, rounded once.</summary>
    public static double Round(params ReadOnlySpan<(int Sign, WeightSum Sum)> parts)
    {
        var ones = 0L;
        ExactSum? others = null;
        foreach (var (sign, sum) in parts)
        {
            ones += sign * sum._ones;
            if (sum._others is not { } some) continue;
            others ??= new();
            if (sign > 0) others.Add(some);
            else others.Subtract(some);
        }
        if (others is null) return ones;
        others.Add(ones);
        return others.Round();
    }
}
