using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <summary>
/// The term D(x‖y) = x·log(x/y) − x + y ≥ 0 of a class, of which every divergence is a sum, and log(x/y). Both are accurate
/// where x and y are nearly equal, because y − x is given separately.
/// </summary>
/// <remarks>
/// With r = (y − x)/x: D = x·(r − log1p(r)), whose first term is x·r²/2, so a sum of D never cancels, whereas a sum of
/// x·log(x/y) is a small difference of large terms. The added −x + y vanish in a sum where Σx = Σy.
/// </remarks>
internal static class RelativeEntropy
{
    private const double Doubt = 1.0 / (1L << 50);

    /// <summary>D(x‖y); y where x = 0, and ∞ where only log y is −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber Term<TNumber>(TNumber x, TNumber logX, TNumber y, TNumber logY, TNumber yMinusX)
        where TNumber : struct, IArithmetic<TNumber> => Compare(x, logX, y, logY, yMinusX).Term;

    /// <summary>D(x‖y) as <see cref="Term"/>, and log(x/y) for an x above 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static Divergence<TNumber> Compare<TNumber>(TNumber x, TNumber logX, TNumber y, TNumber logY, TNumber yMinusX)
        where TNumber : struct, IArithmetic<TNumber>
    {
        if (!TNumber.HasAllDigits)
        {
            var excess = TNumber.Compare(x, y, yMinusX, out var log, out var quotient);
            return new() { Term = TNumber.Select(x.IsZero, y, x * excess), LogRatio = -log, Size = GetSize(x, y, quotient) };
        }
        var r = yMinusX / x;
        var isSmall = IsBelow(r, 0.25);
        var log1p = TNumber.Log1p(TNumber.Select(isSmall, r, TNumber.Zero));
        var ratio = TNumber.Select(isSmall, -log1p, logX - logY);
        var near = x * Excess(r, log1p);
        var far = x * (logX - logY) + yMinusX;
        return new() { Term = TNumber.Select(x.IsZero, y, TNumber.Select(isSmall, near, far)), LogRatio = ratio };
    }

    /// <summary>ln x for <see cref="Compare"/>, which reads it in double-double alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber Log<TNumber>(TNumber x) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.HasAllDigits ? TNumber.Log(x) : TNumber.Zero;

    /// <summary>What an error of plain double is multiplied by on its way to log(x/y), given as <paramref name="ratio"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static TNumber GetRatioSize<TNumber>(TNumber ratio) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.Abs(ratio) + TNumber.Of(2);

    /// <summary>What an error of plain double is multiplied by on its way to D(x‖y), at least roughly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber GetSize<TNumber>(TNumber x, TNumber y, TNumber r) where TNumber : struct, IArithmetic<TNumber>
    {
        // a difference that is 0 by rounding is not known to be 0
        var part = TNumber.Min(TNumber.Abs(r) + TNumber.Of(Doubt), TNumber.One);
        return TNumber.Select(x.IsZero, y, part * (x + y));
    }

    /// <summary>r − log1p(r) for |r| below a quarter; by its series where the difference would lose more than 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static TNumber Excess<TNumber>(TNumber r, TNumber log1p) where TNumber : struct, IArithmetic<TNumber>
    {
        var series = TNumber.Of(1.0 / 5) - r / TNumber.Of(6);
        series = TNumber.Of(1.0 / 4) - r * series;
        series = TNumber.One / TNumber.Of(3) - r * series;
        series = TNumber.Square(r) * (TNumber.Of(0.5) - r * series);
        return TNumber.Select(IsBelow(r, 1.0 / 65536), series, r - log1p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static TNumber IsBelow<TNumber>(TNumber r, double bound) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.LessThan(TNumber.Abs(r), TNumber.Of(bound));
}

/// <summary>A class's part of a divergence.</summary>
internal struct Divergence<TNumber> where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>D(x‖y).</summary>
    public TNumber Term;

    /// <summary>log(x/y).</summary>
    public TNumber LogRatio;

    /// <summary>What an error of plain doubles is multiplied by on its way to D(x‖y), at least roughly; unset in others.</summary>
    public TNumber Size;
}
