using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>
/// Four double-doubles: lane i is the unevaluated sum <c>Hi[i] + Lo[i]</c>, about 106 bits of significand with the range of a
/// double. All formulas are evaluated in this type and rounded once, with <see cref="Round"/>.
/// </summary>
/// <remarks>
/// <para>Every operation returns <c>Hi</c> = <c>Hi + Lo</c> rounded to nearest, and <c>Lo</c> = 0 where <c>Hi</c> is not finite, so
/// that an infinity does not become NaN through its low part.</para>
/// <para>Only correctly rounded IEEE 754 operations are used (+, −, ×, ÷, fused multiply-add, compare, select), so the bits are the
/// same on every machine and vector width. The sign of a zero is not kept. Where a result or its low part is below 2⁻⁹⁶⁹ the low
/// part loses bits to underflow: the error is then at most about 2⁻¹⁰⁷⁴ absolute.</para>
/// </remarks>
internal readonly partial struct Dd : IFourNumbers<Dd>
{
    /// <summary>The value rounded to double.</summary>
    public readonly Vector256<double> Hi;

    /// <summary>The rounding error of Hi: |Lo| ≤ ½ ulp(Hi).</summary>
    public readonly Vector256<double> Lo;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(Vector256<double> hi, Vector256<double> lo)
    {
        Hi = hi;
        Lo = lo;
    }

    /// <summary>The four doubles <paramref name="x"/>, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(Vector256<double> x) : this(x, Vector256<double>.Zero) { }

    /// <summary>The same double in every lane; with <see cref="ToScalar"/> this is how a scalar is computed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(double x) : this(Vector256.Create(x), Vector256<double>.Zero) { }

    /// <summary>The same double-double in every lane; <paramref name="hi"/> must be hi + lo rounded to nearest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Dd(double hi, double lo) : this(Vector256.Create(hi), Vector256.Create(lo)) { }

    public static bool HasRest => true;

    public static bool HasAllDigits => true;

    /// <summary>Zero in every lane.</summary>
    public static Dd Zero => default;

    /// <summary>One in every lane.</summary>
    public static Dd One => new(1.0);

    /// <summary>ln 2 in every lane, to 107 bits.</summary>
    public static Dd Ln2 => new(0.6931471805599453, 2.3190468138462996e-17);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(double x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(Vector256<double> x) => new(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(Vector256<double> hi, Vector256<double> lo) => new(hi, lo);

    /// <summary>The rounding error of <see cref="Round"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Rest() => Lo;

    /// <summary>The nearest double of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> Round() => Hi;

    /// <summary>Lane 0, rounded to double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double ToScalar() => Hi.ToScalar();

    /// <summary>Lane by lane: <paramref name="a"/> where the mask's bits are set, else <paramref name="b"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd Select(Vector256<double> mask, Dd a, Dd b) =>
        new(Lanes.Select(mask, a.Hi, b.Hi), Lanes.Select(mask, a.Lo, b.Lo));

    /// <summary>All bits set where a &lt; b; false for NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> LessThan(Dd a, Dd b) =>
        Vector256.LessThan(a.Hi, b.Hi) | (Vector256.Equals(a.Hi, b.Hi) & Vector256.LessThan(a.Lo, b.Lo));

    /// <summary>All bits set where the value is ±0.</summary>
    public Vector256<double> IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Equals(Hi, Vector256<double>.Zero);
    }

    /// <summary>All bits set where the value is neither infinite nor NaN.</summary>
    public Vector256<double> IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Finite(Hi);
    }

    /// <summary>The larger of each pair of lanes; NaN where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Max(Dd a, Dd b) => Select(LessThan(a, b) | Vector256.IsNaN(b.Hi), b, a);

    /// <summary>|a|, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Abs(Dd a)
    {
        var sign = a.Hi & Vector256.Create(-0.0);
        return new(a.Hi ^ sign, a.Lo ^ sign);
    }

    /// <summary>The sum of the four lanes, in every lane: (0+2) + (1+3).</summary>
    /// <remarks>
    /// Addition of double-doubles commutes bit for bit, so the butterfly gives every lane the same bits after two additions.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd SumOfLanes(Dd a)
    {
        a += a.Permute(Vector256.Create(2L, 3, 0, 1));
        return a + a.Permute(Vector256.Create(1L, 0, 3, 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Dd Permute(Vector256<long> order) => new(Vector256.Shuffle(Hi, order), Vector256.Shuffle(Lo, order));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Finite(Vector256<double> x) =>
        Vector256.LessThan(Vector256.Abs(x), Vector256.Create(double.PositiveInfinity));
}
