using System.Runtime.CompilerServices;

namespace LossService.Core.Numerics;

/// <summary>
/// Sums of two doubles as an arithmetic for formulas whose results are float64: twice the digits of a double for + − × ÷, at least 62
/// bits for functions.
/// </summary>
internal interface IWideNumbers<TSelf> : IArithmetic<TSelf> where TSelf : struct, IWideNumbers<TSelf>
{
    /// <summary>
    /// Where |difference| is below this part of the size, digits are missing, if all functions are as exact as <see cref="FineExp"/>: an
    /// error of 2⁻⁶⁹ of the size is then up to 2⁻⁵⁰ of the difference, four ulp.
    /// </summary>
    const double FinePart = 1.0 / (1 << 19);

    /// <summary>The same for a float32 or narrower: the error is then up to 2⁻²⁹ of the difference, a sixteenth of half an ulp.</summary>
    const double NarrowPart = 1.0 / (1L << 40);

    /// <summary>A mask of the lanes that are one double: the second is 0.</summary>
    TSelf IsDouble { get; }

    /// <summary>eˣ of all digits of x: relative error at most 2⁻⁶⁹ (the bound of the tests) for normal results.</summary>
    static abstract TSelf FineExp(TSelf x);

    /// <summary>eˣ of doubles x ≤ 0, with the same bound; faster.</summary>
    static abstract TSelf FineExpOfNegative(TSelf x);

    /// <summary>eˣ of all digits of x ≤ 0, with the same bound; −∞ has a second double of 0. Faster.</summary>
    static abstract TSelf FineExpOfDifference(TSelf x);

    /// <summary>eˣ − 1 for x ≤ 0, with a relative error of at most 2⁻⁵⁹ (the bound of the tests), and eˣ.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static TSelf IArithmetic<TSelf>.Expm1(TSelf x, out TSelf power)
    {
        power = TSelf.FineExp(x);
        // x + x²/2 + x³·(1/6 + …), where the difference would lose more than nine bits; the next term is 2⁻⁶⁶
        var series = TSelf.Of(1 / 720.0) * x + TSelf.Of(1 / 120.0);
        series = (series * x + TSelf.Of(1 / 24.0)) * x + TSelf.Of(1 / 6.0);
        var small = x + TSelf.Square(x) * (TSelf.Of(0.5) + x * series);
        return TSelf.Select(TSelf.LessThan(TSelf.Abs(x), TSelf.Of(1.0 / 512)), small, power - TSelf.One);
    }

    /// <summary>As <see cref="IArithmetic{TSelf}.IsLost"/>, by a part of the size.</summary>
    static abstract TSelf IsLost(TSelf difference, TSelf size, double part);

    /// <summary>A mask of the lanes whose first doubles are equal.</summary>
    static abstract TSelf IsEqual(TSelf a, TSelf b);

    /// <summary>A mask of the lane with that number; of none where it is below 0 or not below the count.</summary>
    static abstract TSelf LaneIs(int lane);

    /// <summary>A mask of the lanes with numbers below that.</summary>
    static abstract TSelf LanesBelow(int count);

    /// <summary>Writes both parts as they are: the first need not be the nearest doubles.</summary>
    void StoreParts(ref double high, ref double low);

    /// <summary>Writes the high parts: about the numbers, where their digits do not matter.</summary>
    void StoreHigh(ref double numbers);
}
