using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>s = z/T + b of logits, in double and what rounding takes from it: about 106 bits.</summary>
internal readonly struct LogitScore
{
    private readonly double _inverse, _inverseRest;

    /// <summary>Prepares for a temperature from 1e-20 to 1e20, whose inverse is a normal number.</summary>
    public LogitScore(double temperature)
    {
        var inverse = Dd.One / new Dd(temperature);
        (_inverse, _inverseRest) = (inverse.Hi.ToScalar(), inverse.Lo.ToScalar());
    }

    /// <summary>s rounded; infinite where z or z/T is.</summary>
    /// <param name="z">The logits; none is NaN.</param>
    /// <param name="bias">b, finite.</param>
    /// <param name="error">What s lacks; 0 where s is infinite.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Of<TNumber>(TNumber z, TNumber bias, out TNumber error) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var inverse = TNumber.Of(_inverse);
        var quotient = z * inverse;
        var low = TNumber.FusedMultiplyAdd(z, inverse, -quotient) + z * TNumber.Of(_inverseRest);
        var sum = quotient + bias;
        var moved = sum - quotient;
        low += (quotient - (sum - moved)) + (bias - moved);
        low = TNumber.Select(low.IsFinite, low, TNumber.Zero);
        var rounded = sum + low;
        error = low - (rounded - sum);
        error = TNumber.Select(error.IsNaN, TNumber.Zero, error);
        return rounded;
    }
}
