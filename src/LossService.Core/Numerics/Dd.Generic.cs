using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>What code reads that is generic over its arithmetic: masks are numbers there, of which Hi counts.</content>
internal readonly partial struct Dd
{
    public static int Count => Lanes.Width;

    Dd IArithmetic<Dd>.IsZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(IsZero);
    }

    Dd IArithmetic<Dd>.IsFinite
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(IsFinite);
    }

    Dd IArithmetic<Dd>.IsNaN
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256.IsNaN(Hi));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Of(double hi, double lo) => new(hi, lo);

    /// <summary>Lane 0 in every lane of another arithmetic.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Spread<TNumber>() where TNumber : struct, IArithmetic<TNumber> => TNumber.Of(Hi.ToScalar(), Lo.ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Load(ref readonly double numbers) => new(Vector256.LoadUnsafe(in numbers));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Load(ref readonly double numbers, ref readonly double rests) =>
        new(Vector256.LoadUnsafe(in numbers), Vector256.LoadUnsafe(in rests));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNearest(ref double numbers) => Hi.StoreUnsafe(ref numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref double numbers, ref double rests)
    {
        Hi.StoreUnsafe(ref numbers);
        Lo.StoreUnsafe(ref rests);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Dd Expm1(Dd x, out Dd power)
    {
        power = Exp(x);
        return Expm1(x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Dd IArithmetic<Dd>.operator &(Dd a, Dd b) => new(a.Hi & b.Hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Dd IArithmetic<Dd>.operator |(Dd a, Dd b) => new(a.Hi | b.Hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Dd IArithmetic<Dd>.operator ~(Dd mask) => new(~mask.Hi);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Dd IArithmetic<Dd>.LessThan(Dd a, Dd b) => new(LessThan(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    static Dd IArithmetic<Dd>.Select(Dd mask, Dd a, Dd b) => Select(mask.Hi, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint IArithmetic<Dd>.GetBits(Dd mask) => mask.Hi.ExtractMostSignificantBits();

    /// <summary>The smaller of each pair of lanes; the second where either is NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd Min(Dd a, Dd b) => Select(LessThan(a, b), a, b);

    /// <inheritdoc cref="Exp(Dd)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd ExpOfSum(Dd x, Dd rest) => Exp(new Dd(x.Hi, rest.Hi));

    /// <inheritdoc cref="Exp(Dd)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd ExpOfNegative(Dd x) => Exp(x);

    /// <summary>None: a difference of numbers of 53 bits has all of a double's digits here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd IsLost(Dd difference, Dd size) => Zero;
}
