using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>Powers: by squaring for small whole exponents, e^(y·ln x) for all others.</content>
internal readonly partial struct Dd
{
    // up to here repeated multiplication is faster and more accurate
    private const double MaxWholeExponent = 16;

    /// <summary>xʸ for x ≥ 0 and a finite y, and for x &lt; 0 if y is a whole number from 0 to 16.</summary>
    /// <remarks>
    /// The relative error grows with |y·ln x|: about (1 + |y·ln x|)·2⁻¹⁰⁴. Greatest in the golden file, with |y·ln x| up to 700:
    /// 2⁻⁹⁷·³, so the rounded double is within 0.5 ulp + 2⁻⁴⁴ ulp. x⁰ = 1, even for x = 0 or ∞; 0ʸ = 0 and ∞ʸ = ∞ for y &gt; 0, the
    /// reverse for y &lt; 0; NaN for NaN, even to the power 0, and for other x &lt; 0.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static Dd Pow(Dd x, double y)
    {
        if (y == 0) return Select(Vector256.IsNaN(x.Hi), x, One);
        if (y > 0 && y <= MaxWholeExponent && y == (int)y) return WholePower(x, (int)y);
        return GeneralPower(x, Vector256.Create(y));
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Dd GeneralPower(Dd x, Vector256<double> y) => Exp(Log(x) * y);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dd WholePower(Dd x, int exponent)
    {
        // from the top bit down, so that no intermediate power is larger than the result
        var power = x;
        for (var bit = 1 << int.Log2(exponent) >> 1; bit != 0; bit >>= 1)
        {
            power = Square(power);
            if ((exponent & bit) != 0) power *= x;
        }
        return power;
    }
}
