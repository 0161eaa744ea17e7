using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>s = z/T + b of four logits, in double and what rounding takes from it: about 106 bits.</summary>
internal readonly struct LogitScore
{
    private readonly Vector256<double> _inverse, _inverseRest;

    /// <summary>Prepares for a temperature from 1e-20 to 1e20, whose inverse is a normal number.</summary>
    public LogitScore(double temperature)
    {
        var inverse = Dd.One / new Dd(temperature);
        (_inverse, _inverseRest) = (inverse.Hi, inverse.Lo);
    }

    /// <summary>s rounded; infinite where z or z/T is.</summary>
    /// <param name="z">The logits; none is NaN.</param>
    /// <param name="bias">b, finite.</param>
    /// <param name="error">What s lacks; 0 where s is infinite.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Of(Vector256<double> z, Vector256<double> bias, out Vector256<double> error)
    {
        var quotient = z * _inverse;
        var low = Vector256.FusedMultiplyAdd(z, _inverse, -quotient) + z * _inverseRest;
        var sum = quotient + bias;
        var moved = sum - quotient;
        low += (quotient - (sum - moved)) + (bias - moved);
        low &= Vector256.LessThan(Vector256.Abs(low), Vector256.Create(double.PositiveInfinity));
        var rounded = sum + low;
        error = low - (rounded - sum);
        error &= Vector256.Equals(error, error);
        return rounded;
    }
}
