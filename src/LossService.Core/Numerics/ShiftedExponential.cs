using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// e^(z − shift) of eight doubles at a time, for one shift (or one for each lane) and many z ≤ shift: most of the time of a softmax.
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

    private readonly Vector512<double> _floor, _rounder, _rest;

    /// <summary>Prepares for a shift of 0.</summary>
    public ShiftedExponential()
    {
        _rest = Vector512<double>.Zero;
        _floor = Vector512.Create(-Span);
        _rounder = Vector512.Create(PowerOfTwo.Rounder);
    }

    /// <summary>Prepares for one shift in all lanes.</summary>
    /// <param name="shift">At most <see cref="MaxShift"/> in magnitude.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ShiftedExponential(double shift) : this(Vector512.Create(shift)) { }

    /// <summary>Prepares for one shift in each lane.</summary>
    /// <param name="shift">At most <see cref="MaxShift"/> in magnitude.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ShiftedExponential(Vector512<double> shift)
    {
        // rounded as in Exp, so that e^(shift − shift) is exactly 1
        var rounder = Vector512.Create(PowerOfTwo.Rounder);
        var n = Vector512.FusedMultiplyAdd(shift, Vector512.Create(PowerOfTwo.SixteenthsPerNat), rounder) - rounder;
        var high = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthHigh), shift);
        _rest = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthMiddle), high);
        _floor = shift - Vector512.Create(Span);
        _rounder = rounder - n;
    }

    /// <summary>e^(z − shift) for z ≤ shift; 0 for −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Exp(Vector512<double> z)
    {
        var rounded = Reduce(Vector512.MaxNative(z, _floor), out var power);
        var sixteenths = rounded - Vector512.Create(PowerOfTwo.Rounder);
        return PowerOfTwo.Scale(power, sixteenths * Vector512.Create(1.0 / 16));
    }

    /// <summary>The same bits as <see cref="Exp"/>, faster, for z between shift − <see cref="NormalSpan"/> and shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> ExpNear(Vector512<double> z)
    {
        var rounded = Reduce(z, out var power);
        // adds the whole power of two to the exponent, at bit 52, after clearing the sixteenths
        return (power.AsInt64() + ((rounded.AsInt64() & Vector512.Create(-16L)) << 48)).AsDouble();
    }

    /// <summary>e^(z − shift) = power · 2^⌊(n − n_s)/16⌋, with n − n_s in the low bits of what is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<double> Reduce(Vector512<double> z, out Vector512<double> power)
    {
        var rounded = Vector512.FusedMultiplyAdd(z, Vector512.Create(PowerOfTwo.SixteenthsPerNat), _rounder);
        var n = rounded - _rounder;
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthHigh), z) - _rest;
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-PowerOfTwo.SixteenthMiddle), r);

        power = Raise(rounded, r);
        return rounded;
    }

    /// <summary>2^(j/16) · eʳ, j the low four bits of <paramref name="rounded"/>, for |r| ≤ ln 2/16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Raise(Vector512<double> rounded, Vector512<double> r)
    {
        var q = Vector512.FusedMultiplyAdd(Vector512.Create(0.00019842048743586182), r, Vector512.Create(0.0013889589903975672));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.008333333327829527));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.04166666661713215));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.16666666666666724));
        q = Vector512.FusedMultiplyAdd(q, r, Vector512.Create(0.5000000000000052));
        var series = Vector512.FusedMultiplyAdd(q, r * r, r);
        var power = LaneTable.Read16(PowerOfTwo.Sixteenths, rounded.AsInt64());
        return Vector512.FusedMultiplyAdd(power, series, power);
    }
}
