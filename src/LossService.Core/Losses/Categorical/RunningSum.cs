using System.Runtime.CompilerServices;

namespace LossService.Core.Losses.Categorical;

/// <summary>A sum with the rounding errors of its additions.</summary>
internal struct RunningSum
{
    private double _sum, _error;

    /// <summary>Adds a number, or a sum of two doubles, and returns the sum as its nearest double and the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (double Hi, double Lo) Add(double x, double rest = 0)
    {
        var sum = _sum + x;
        var added = sum - _sum;
        _error += (_sum - (sum - added)) + (x - added) + rest;
        _sum = sum;
        var nearest = sum + _error;
        return (nearest, _error - (nearest - sum));
    }
}
