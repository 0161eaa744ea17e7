using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// The exponentials of a softmax eight at a time, on processors with AVX-512: in half the time, by the operations of four at a time, so
/// that the bits are the same. The second four lanes have the shifts of the first.
/// </summary>
/// <param name="rounder">What rounds a logit's sixteenths, with those of the shift taken away.</param>
/// <param name="rest">What the sixteenths leave of the shift.</param>
/// <param name="perUnit">The sixteenths of a unit of the logits.</param>
/// <param name="high">A sixteenth, negated, in two parts.</param>
/// <param name="middle">The second part.</param>
/// <param name="inverse">1/T.</param>
internal readonly struct EightExponentials(
    Vector256<double> rounder, Vector256<double> rest, double perUnit, double high, double middle, double inverse)
{
    private readonly Vector512<double> _rounder = Vector512.Create(rounder, rounder), _rest = Vector512.Create(rest, rest),
        _perUnit = Vector512.Create(perUnit), _high = Vector512.Create(high), _middle = Vector512.Create(middle),
        _inverse = Vector512.Create(inverse);

    /// <summary>e^((z − shift)/T) where it is a normal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> ExpNear(Vector512<double> z)
    {
        var rounded = Vector512.FusedMultiplyAdd(z, _perUnit, _rounder);
        var n = rounded - _rounder;
        var r = Vector512.FusedMultiplyAdd(n, _high, z) - _rest;
        r = Vector512.FusedMultiplyAdd(n, _middle, r) * _inverse;

        var q = Vector512.FusedMultiplyAdd(
            Vector512.Create(ExponentialSeries.Seventh), r, Vector512.Create(ExponentialSeries.Sixth));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Fifth));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Fourth));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Third));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(ExponentialSeries.Second));
        var series = Vector512.FusedMultiplyAdd(q, r * r, r);
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        power = Vector512.FusedMultiplyAdd(power, series, power);
        return (power.AsInt64() + ((rounded.AsInt64() & Vector512.Create(-16L)) << 48)).AsDouble();
    }
}
