using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>
/// From a decimal w · 10^q to the nearest binary floating-point number, ties to even, with one 64 × 128-bit product and
/// no big integers.
/// </summary>
/// <remarks>
/// The idea is Eisel's and Lemire's (D. Lemire, "Number parsing at a gigabyte per second", Software: Practice and
/// Experience 51(8), 2021, arXiv:2101.11408): w times the leading bits of 10^q nearly always decides the rounding. Here both
/// truncations are kept as an interval: the true product lies less than two units above the one computed, so the rounding
/// is certain unless a midpoint lies in between. Then, about once in 2^63 numbers save for exact ties, the caller asks a
/// slow exact parser.
/// </remarks>
internal static class DecimalRounding
{
    /// <summary>The bits of the float64 nearest to <paramref name="w"/> · 10^<paramref name="q"/>.</summary>
    /// <returns>False where it is not certain, or too large for a float64.</returns>
    public static bool TryToFloat64(ulong w, int q, out ulong bits) => TryRound(w, q, 53, -1022, 2047, out bits);

    /// <summary>The bits of the float32 nearest to <paramref name="w"/> · 10^<paramref name="q"/>, rounded once.</summary>
    /// <returns>False where it is not certain, or too large for a float32.</returns>
    public static bool TryToFloat32(ulong w, int q, out uint bits)
    {
        bool certain = TryRound(w, q, 24, -126, 255, out ulong wide);
        bits = (uint)wide;
        return certain;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRound(ulong w, int q, int precision, int leastExponent, ulong infinity, out ulong bits)
    {
        bits = 0;
        if (w == 0 || q < PowersOfTen.Least) return true;
        if (q > 308) return false;

        // w·10^q = X · 2^(e − 63 − shift) with high:low ≤ X < high:low + 2 and high:low ≥ 2^126
        int shift = (int)ulong.LeadingZeroCount(w);
        w <<= shift;
        ulong high = Math.BigMul(w, PowersOfTen.High(q), out ulong low);
        ulong add = Math.BigMul(w, PowersOfTen.Low(q), out _);
        low += add;
        if (low < add) high++;

        int top = (int)(high >> 63);
        int exponent = PowersOfTen.Exponent(q) + 63 - shift + top; // ⌊log2⌋ of the value
        int subnormal = Math.Max(leastExponent - exponent, 0); // bits that a subnormal number has fewer
        int drop = 63 + top - precision + subnormal;
        if (drop > 64) return true; // less than half of the least number

        ulong kept = drop == 64 ? 0 : high >> drop;
        ulong rest = drop == 64 ? high : high & ((1ul << drop) - 1);
        ulong half = 1ul << (drop - 1);
        if ((rest == half && low == 0) || (rest == half - 1 && low >= ulong.MaxValue - 1)) return false;
        if (rest >= half) kept++;

        // the leading bit of a normal number, or of one that rounded up to it, adds itself to the exponent
        bits = subnormal > 0 ? kept : ((ulong)(exponent - leastExponent) << (precision - 1)) + kept;
        return bits < infinity << (precision - 1);
    }
}
