using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// e^((z − shift)/T) of four doubles at a time: <see cref="ShiftedExponential"/> for any temperature T, at nearly the same cost.
/// </summary>
/// <remarks>
/// For |shift| ≤ <see cref="ShiftedExponential.MaxShift"/>·T and z ≤ shift: within 1.2 ulp (the bound of the tests, for z ≥ shift − 700·T).
/// 1 for z = shift, gradual underflow, 0 for −∞. Neither z − shift nor z/T is ever rounded: T is in the constants, so that the reduction
/// by multiples of T·ln 2/16 is as exact as that by multiples of ln 2/16.
/// </remarks>
internal readonly struct TemperedExponential : IShiftedExponential
{
    private readonly Vector256<double> _floor, _rounder, _rest, _perUnit, _high, _middle, _inverse;

    /// <summary>Prepares for one shift in all lanes.</summary>
    /// <param name="shift">At most <see cref="ShiftedExponential.MaxShift"/>·T in magnitude.</param>
    /// <param name="temperature">T and what follows from it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TemperedExponential(double shift, in ExponentialScale temperature) : this(Vector256.Create(shift), temperature) { }

    /// <summary>Prepares for one shift in each lane.</summary>
    /// <param name="shift">At most <see cref="ShiftedExponential.MaxShift"/>·T in magnitude.</param>
    /// <param name="temperature">T and what follows from it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TemperedExponential(Vector256<double> shift, in ExponentialScale temperature)
    {
        _perUnit = Vector256.Create(temperature.SixteenthsPerUnit);
        _high = Vector256.Create(-temperature.SixteenthHigh);
        _middle = Vector256.Create(-temperature.SixteenthMiddle);
        _inverse = Vector256.Create(1 / temperature.Temperature);
        // rounded as in Exp, so that e^(shift − shift) is exactly 1
        var rounder = Vector256.Create(PowerOfTwo.Rounder);
        var n = Vector256.FusedMultiplyAdd(shift, _perUnit, rounder) - rounder;
        _rest = Vector256.FusedMultiplyAdd(n, _middle, Vector256.FusedMultiplyAdd(n, _high, shift));
        _floor = shift - Vector256.Create(ShiftedExponential.Span * temperature.Temperature);
        _rounder = rounder - n;
    }

    /// <inheritdoc/>
    public EightExponentials Eight => new(
        _rounder, _rest, _perUnit.ToScalar(), _high.ToScalar(), _middle.ToScalar(), _inverse.ToScalar());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Exp(Vector256<double> z)
    {
        var rounded = Reduce(Vector256.MaxNative(z, _floor), out var power);
        return ShiftedExponential.Scale(power, rounded);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> ExpNear(Vector256<double> z)
    {
        var rounded = Reduce(z, out var power);
        return ShiftedExponential.ScaleNear(power, rounded);
    }

    /// <summary>e^((z − shift)/T) = power · 2^⌊(n − n_s)/16⌋, with n − n_s in the low bits of what is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<double> Reduce(Vector256<double> z, out Vector256<double> power)
    {
        var rounded = Vector256.FusedMultiplyAdd(z, _perUnit, _rounder);
        var n = rounded - _rounder;
        var r = Vector256.FusedMultiplyAdd(n, _high, z) - _rest;
        r = Vector256.FusedMultiplyAdd(n, _middle, r) * _inverse;
        power = ShiftedExponential.Raise(rounded, r);
        return rounded;
    }
}
