using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>Powers: by squaring for small whole exponents, e^(y·ln x) for all others.</content>
internal readonly partial struct Dd
{
    // Up to here repeated multiplication is the faster and the more accurate way
    private const double MaxWholeExponent = 16;

    /// <summary>xʸ for x ≥ 0 and a finite y; NaN for x &lt; 0 unless y is a whole number from 0 to 16.</summary>
    /// <remarks>
    /// x⁰ = 1, even for x = 0 or ∞; 0ʸ = 0 and ∞ʸ = ∞ for y > 0, the reverse for y &lt; 0; NaN stays NaN, even to the power 0.
    /// The relative error grows with the size of the exponent of e: about (1 + |y·ln x|)·2⁻¹⁰⁴ (worst in the
    /// golden file: 2⁻⁹⁷, where |y·ln x| is up to 700).
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Dd Pow(Dd x, double y)
    {
        if (y == 0) return Select(Vector512.IsNaN(x.Hi), x, One);
        if (y > 0 && y <= MaxWholeExponent && y == (int)y) return WholePower(x, (int)y);
        return GeneralPower(x, Vector512.Create(y));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Dd GeneralPower(Dd x, Vector512<double> y) => Exp(Log(x) * y);

    private static Dd WholePower(Dd x, int exponent)
    {
        // From the top bit down, so that no intermediate power is larger than the result
        var power = x;
        for (var bit = 1 << int.Log2(exponent) >> 1; bit != 0; bit >>= 1)
        {
            power = Square(power);
            if ((exponent & bit) != 0) power *= x;
        }

        return power;
    }
}
