using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Eight double-doubles: lane i is the unevaluated sum <c>Hi[i] + Lo[i]</c>, about 106 bits of significand with the range of a
/// double. All formulas are evaluated in this type and rounded once, with <see cref="Round"/>.
/// </summary>
/// <remarks>
/// <para>Every operation returns <c>Hi</c> = <c>Hi + Lo</c> rounded to nearest, and <c>Lo</c> = 0 where <c>Hi</c> is not finite, so
/// that an infinity does not become NaN through its low part.</para>
/// <para>Only correctly rounded IEEE 754 operations are used (+, −, ×, ÷, fused multiply-add, compare, select), so the bits are the
/// same on every machine and vector width. The sign of a zero is not kept. Where a result or its low part is below 2⁻⁹⁶⁹ the low
/// part loses bits to underflow: the error is then at most about 2⁻¹⁰⁷⁴ absolute.</para>
/// </remarks>
internal readonly partial struct Dd : IArithmetic<Dd>
{
    /// <summary>The value rounded to double.</summary>
    public readonly Vector512<double> Hi;

    /// <summary>The rounding error of Hi: |Lo| ≤ ½ ulp(Hi).</summary>
    public readonly Vector512<double> Lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(Vector512<double> hi, Vector512<double> lo)
    {
        Hi = hi;
        Lo = lo;
    }

    /// <summary>The eight doubles <paramref name="x"/>, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(Vector512<double> x) : this(x, Vector512<double>.Zero) { }

    /// <summary>The same double in every lane; with <see cref="ToScalar"/> this is how a scalar is computed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(double x) : this(Vector512.Create(x), Vector512<double>.Zero) { }

    /// <summary>The same double-double in every lane; <paramref name="hi"/> must be hi + lo rounded to nearest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(double hi, double lo) : this(Vector512.Create(hi), Vector512.Create(lo)) { }

    /// <summary>Zero in every lane.</summary>
    public static Dd Zero => default;

    /// <summary>One in every lane.</summary>
    public static Dd One => new(1.0);

    /// <summary>ln 2 in every lane, to 107 bits.</summary>
    public static Dd Ln2 => new(0.6931471805599453, 2.3190468138462996e-17);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(double x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(Vector512<double> x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(Vector512<double> hi, Vector512<double> lo) => new(hi, lo);

    /// <summary>The rounding error of <see cref="Round"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Rest() => Lo;

    /// <summary>The nearest double of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<double> Round() => Hi;

    /// <summary>Lane 0, rounded to double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double ToScalar() => Hi.ToScalar();

    /// <summary>Lane by lane: <paramref name="a"/> where the mask's bits are set, else <paramref name="b"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Select(Vector512<double> mask, Dd a, Dd b) =>
        new(Vector512.ConditionalSelect(mask, a.Hi, b.Hi), Vector512.ConditionalSelect(mask, a.Lo, b.Lo));

    /// <summary>All bits set where a &lt; b; false for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LessThan(Dd a, Dd b) =>
        Vector512.LessThan(a.Hi, b.Hi) | (Vector512.Equals(a.Hi, b.Hi) & Vector512.LessThan(a.Lo, b.Lo));

    /// <summary>All bits set where the value is ±0.</summary>
    public Vector512<double> IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Equals(Hi, Vector512<double>.Zero);
    }

    /// <summary>All bits set where the value is neither infinite nor NaN.</summary>
    public Vector512<double> IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Finite(Hi);
    }

    /// <summary>The larger of each pair of lanes; NaN where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Max(Dd a, Dd b) => Select(LessThan(a, b) | Vector512.IsNaN(b.Hi), b, a);

    /// <summary>|a|, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Abs(Dd a)
    {
        var sign = a.Hi & Vector512.Create(-0.0);
        return new(a.Hi ^ sign, a.Lo ^ sign);
    }

    /// <summary>None: a difference of numbers of 53 bits has all of a double's digits here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> IsLost(Dd difference, Dd size) => Vector512<double>.Zero;

    /// <summary>The sum of the eight lanes, in every lane: ((0+4)+(2+6)) + ((1+5)+(3+7)).</summary>
    /// <remarks>
    /// Addition of double-doubles commutes bit for bit, so the butterfly gives every lane the same bits after three additions.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd SumOfLanes(Dd a)
    {
        a += a.Permute(Vector512.Create(4L, 5, 6, 7, 0, 1, 2, 3));
        a += a.Permute(Vector512.Create(2L, 3, 0, 1, 6, 7, 4, 5));
        return a + a.Permute(Vector512.Create(1L, 0, 3, 2, 5, 4, 7, 6));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Dd Permute(Vector512<long> order) => new(Vector512.Shuffle(Hi, order), Vector512.Shuffle(Lo, order));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Finite(Vector512<double> x) =>
        Vector512.LessThan(Vector512.Abs(x), Vector512.Create(double.PositiveInfinity));
}
