using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// e^(z − shift) of four doubles at a time, for one shift (or one for each lane) and many z ≤ shift: most of the time of a softmax.
/// </summary>
/// <remarks>
/// <para>For |shift| ≤ <see cref="MaxShift"/> and z ≤ shift: within 1.2 ulp (the bound of the tests, for z ≥ shift − 700). 1 for
/// z = shift, gradual underflow, 0 for −∞. z − shift is never rounded.</para>
/// <para>The reduction shift = n_s·(ln 2/16) + r_s is done once, and z = n·(ln 2/16) + r_z by exact multiply-adds for each z; then
/// e^(z − shift) = 2^((n − n_s)/16) · e^(r_z − r_s), |r_z − r_s| ≤ ln 2/16: a table of sixteen, and a polynomial of degree 7 whose
/// coefficients are the Chebyshev fit of (eʳ − 1 − r)/r² (error 1e-17). With a rounded z − shift, carrying its error would take five
/// more additions.</para>
/// </remarks>
internal readonly struct ShiftedExponential : IShiftedExponential
{
    /// <summary>The largest |shift| for which the reduction is exact.</summary>
    public const double MaxShift = 600;

    /// <summary>The largest shift − z for which the result is a normal number: e⁻⁷⁰⁸ is one.</summary>
    public const double NormalSpan = 708;

    /// <summary>The shift − z from which the result is 0: e^−746 is less than half the smallest double.</summary>
    public const double Span = 746;

    private readonly Vector256<double> _floor, _rounder, _rest;

    /// <summary>Prepares for a shift of 0.</summary>
    public ShiftedExponential()
    {
        _rest = Vector256<double>.Zero;
        _floor = Vector256.Create(-Span);
        _rounder = Vector256.Create(PowerOfTwo.Rounder);
    }

    /// <summary>Prepares for one shift in all lanes.</summary>
    /// <param name="shift">At most <see cref="MaxShift"/> in magnitude.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ShiftedExponential(double shift) : this(Vector256.Create(shift)) { }

    /// <summary>Prepares for one shift in each lane.</summary>
    /// <param name="shift">At most <see cref="MaxShift"/> in magnitude.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ShiftedExponential(Vector256<double> shift)
    {
        // rounded as in Exp, so that e^(shift − shift) is exactly 1
        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var n = Vector256.FusedMultiplyAdd(shift, Vector256.Create(PowerOfTwo.SixteenthsPerNat), rounder) - rounder;
        var high = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthHigh), shift);
        _rest = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthMiddle), high);
        _floor = shift - Vector256.Create(Span);
        _rounder = rounder - n;
    }

    /// <inheritdoc/>
    public EightExponentials Eight => new(
        _rounder, _rest, PowerOfTwo.SixteenthsPerNat, -PowerOfTwo.SixteenthHigh, -PowerOfTwo.SixteenthMiddle, 1);

    /// <summary>e^(z − shift) for z ≤ shift; 0 for −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Exp(Vector256<double> z)
    {
        var rounded = Reduce(Vector256.MaxNative(z, _floor), out var power);
        return Scale(power, rounded);
    }

    /// <summary>The same bits as <see cref="Exp"/>, faster, for z between shift − <see cref="NormalSpan"/> and shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> ExpNear(Vector256<double> z)
    {
        var rounded = Reduce(z, out var power);
        return ScaleNear(power, rounded);
    }

    /// <summary>e^(z − shift) = power · 2^⌊(n − n_s)/16⌋, with n − n_s in the low bits of what is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> Reduce(Vector256<double> z, out Vector256<double> power)
    {
        var rounded = Vector256.FusedMultiplyAdd(z, Vector256.Create(PowerOfTwo.SixteenthsPerNat), _rounder);
        var n = rounded - _rounder;
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthHigh), z) - _rest;
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-PowerOfTwo.SixteenthMiddle), r);

        power = Raise(rounded, r);
        return rounded;
    }

    /// <summary>power · 2^⌊n/16⌋, n in the low bits of <paramref name="rounded"/>; gradual underflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Scale(Vector256<double> power, Vector256<double> rounded)
    {
        var sixteenths = rounded - Vector256.Create(PowerOfTwo.Rounder);
        return PowerOfTwo.Scale(power, sixteenths * Vector256.Create(1.0 / 16));
    }

    /// <summary>The same where the result is a normal number: adds to the exponent, at bit 52, after clearing the sixteenths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> ScaleNear(Vector256<double> power, Vector256<double> rounded) =>
        (power.AsInt64() + ((rounded.AsInt64() & Vector256.Create(-16L)) << 48)).AsDouble();

    /// <summary>2^(j/16) · eʳ, j the low four bits of <paramref name="rounded"/>, for |r| ≤ ln 2/16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<double> Raise(Vector256<double> rounded, Vector256<double> r)
    {
        var q = Vector256.FusedMultiplyAdd(Vector256.Create(ExponentialSeries.Seventh), r, Vector256.Create(ExponentialSeries.Sixth));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Fifth));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Fourth));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Third));
        q = Vector256.FusedMultiplyAdd(q, r, Vector256.Create(ExponentialSeries.Second));
        var series = Vector256.FusedMultiplyAdd(q, r * r, r);
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        return Vector256.FusedMultiplyAdd(power, series, power);
    }
}
