using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Divergence<TNumber> Compare<TNumber>(TNumber x, TNumber logX, TNumber y, TNumber logY, TNumber yMinusX)
        where TNumber : struct, IArithmetic<TNumber>
    {
        if (typeof(TNumber) == typeof(PlainDouble))
        {
            var excess = VectorRatio.Compare(x.Round(), y.Round(), yMinusX.Round(), out var log, out var quotient);
            return new(
                TNumber.Select(x.IsZero, y, TNumber.Of(x.Round() * excess)), TNumber.Of(-log), GetSize(x.Round(), y.Round(), quotient));
        }
        var r = yMinusX / x;
        var isSmall = IsBelow(r, 0.25);
        var log1p = TNumber.Log1p(TNumber.Select(isSmall, r, TNumber.Zero));
        var ratio = TNumber.Select(isSmall, -log1p, logX - logY);
        var near = x * Excess(r, log1p);
        var far = x * (logX - logY) + yMinusX;
        return new(TNumber.Select(x.IsZero, y, TNumber.Select(isSmall, near, far)), ratio, default);
    }

    /// <summary>ln x for <see cref="Compare"/>, which does not read it in plain double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TNumber Log<TNumber>(TNumber x) where TNumber : struct, IArithmetic<TNumber> =>
        typeof(TNumber) == typeof(PlainDouble) ? TNumber.Zero : TNumber.Log(x);

    /// <summary>What an error of plain double is multiplied by on its way to log(x/y), given as <paramref name="ratio"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> GetRatioSize<TNumber>(TNumber ratio) where TNumber : struct, IArithmetic<TNumber> =>
        Vector256.Abs(ratio.Round()) + Vector256.Create(2.0);

    /// <summary>What an error of plain double is multiplied by on its way to D(x‖y), at least roughly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> GetSize(Vector256<double> x, Vector256<double> y, Vector256<double> r)
    {
        // a difference that is 0 by rounding is not known to be 0
        var part = Vector256.MinNative(Vector256.Abs(r) + Vector256.Create(Doubt), Vector256<double>.One);
        return Lanes.Select(Vector256.Equals(x, Vector256<double>.Zero), y, part * (x + y));
    }

    /// <summary>r − log1p(r) for |r| below a quarter; by its series where the difference would lose more than 16 bits.</summary>
    private static TNumber Excess<TNumber>(TNumber r, TNumber log1p) where TNumber : struct, IArithmetic<TNumber>
    {
        var series = TNumber.Of(1.0 / 5) - r / TNumber.Of(6);
        series = TNumber.Of(1.0 / 4) - r * series;
        series = TNumber.One / TNumber.Of(3) - r * series;
        series = TNumber.Square(r) * (TNumber.Of(0.5) - r * series);
        return TNumber.Select(IsBelow(r, 1.0 / 65536), series, r - log1p);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> IsBelow<TNumber>(TNumber r, double bound) where TNumber : struct, IArithmetic<TNumber> =>
        Vector256.LessThan(Vector256.Abs(r.Round()), Vector256.Create(bound));
}

/// <summary>A class's part of a divergence.</summary>
/// <param name="Term">D(x‖y).</param>
/// <param name="LogRatio">log(x/y).</param>
/// <param name="Size">What an error of plain double is multiplied by on its way to D(x‖y), at least roughly; unset in others.</param>
internal readonly record struct Divergence<TNumber>(TNumber Term, TNumber LogRatio, Vector256<double> Size)
    where TNumber : struct, IArithmetic<TNumber>;
