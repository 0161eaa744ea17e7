using System.Runtime.CompilerServices;

namespace LossService.Formats.Numbers;

/// <summary>Rounds a decimal w · 10^q to the nearest binary float, ties to even, by one 64 × 128-bit product.</summary>
/// <remarks>
/// After Eisel and Lemire (D. Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience 51(8), 2021,
/// arXiv:2101.11408): w times the leading bits of 10^q nearly always decides the rounding. Here both truncations are kept as an
/// interval: the true product is less than two units above the one computed, so the rounding is certain unless a midpoint lies in
/// between. That happens for exact ties and for about one other number in 2^63; the caller then uses a slow exact parser.
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
        var isCertain = TryRound(w, q, 24, -126, 255, out var wide);
        bits = (uint)wide;
        return isCertain;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRound(ulong w, int q, int precision, int minExponent, ulong infinity, out ulong bits)
    {
        bits = 0;
        if (w == 0 || q < PowersOfTen.MinPower) return true;
        if (q > 308) return false;

        // w·10^q = X · 2^(e − 63 − shift) with high:low ≤ X < high:low + 2 and high:low ≥ 2^126
        var shift = (int)ulong.LeadingZeroCount(w);
        w <<= shift;
        var high = Math.BigMul(w, PowersOfTen.High(q), out var low);
        var add = Math.BigMul(w, PowersOfTen.Low(q), out _);
        low += add;
        if (low < add) high++;

        var top = (int)(high >> 63);
        var exponent = PowersOfTen.Exponent(q) + 63 - shift + top; // ⌊log2⌋ of the value
        var subnormal = Math.Max(minExponent - exponent, 0); // the bits that a subnormal number lacks
        var drop = 63 + top - precision + subnormal;
        if (drop > 64) return true; // less than half of the smallest number

        var kept = drop == 64 ? 0 : high >> drop;
        var rest = drop == 64 ? high : high & ((1ul << drop) - 1);
        var half = 1ul << (drop - 1);
        if ((rest == half && low == 0) || (rest == half - 1 && low >= ulong.MaxValue - 1)) return false;
        if (rest >= half) kept++;

        // the leading bit of a normal number, or of one that rounded up to it, adds itself to the exponent
        bits = subnormal > 0 ? kept : ((ulong)(exponent - minExponent) << (precision - 1)) + kept;
        return bits < infinity << (precision - 1);
    }
}
