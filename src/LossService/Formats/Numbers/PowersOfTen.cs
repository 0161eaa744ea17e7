using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LossService.Formats.Numbers;

/// <summary>The first 128 bits of 10^q, for every q that reading or writing a double needs.</summary>
/// <remarks>
/// 10^q = (S(q) + ε) · 2^(<see cref="Exponent"/>(q) − 127) with S(q) in [2^127, 2^128) and 0 ≤ ε &lt; 1; ε = 0 for 0 ≤ q ≤ 55.
/// The table is computed when first used, by repeated multiplication and division by five with 256 bits. The rounding errors of
/// 342 steps affect fewer than the last 16 bits, and no entry has a run of equal bits after its first 128 that is long enough for
/// them to carry into it (a test compares every entry with exact integers). See the README for what that costs.
/// </remarks>
internal static class PowersOfTen
{
    /// <summary>Below it, 19 digits times 10^q is less than half of the smallest double.</summary>
    public const int MinPower = -342;

    /// <summary>The scale of the smallest doubles when they are written; reading needs no more than 308.</summary>
    public const int MaxPower = 324;

    private const int Limbs = 8;

    private static readonly ulong[] Significands = Compute();

    /// <summary>⌊log2 10^q⌋, exact in the table's range, though 217706 / 2^16 is a little more than log2 10.</summary>
    public static int Exponent(int q) => (217706 * q) >> 16;

    /// <summary>The upper 64 bits of S(q).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong High(int q) => At(2 * (q - MinPower));

    /// <summary>The lower 64 bits of S(q).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Low(int q) => At(2 * (q - MinPower) + 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong At(int index) => Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Significands), index);

    private static ulong[] Compute()
    {
        var table = new ulong[2 * (MaxPower - MinPower + 1)];
        Span<uint> power = stackalloc uint[Limbs]; // little-endian, its highest bit always set
        SetOne(power);
        for (var q = 0; ; q++)
        {
            Store(power, table, q);
            if (q == MaxPower) break;
            MultiplyByFive(power);
        }
        SetOne(power);
        for (var q = -1; q >= MinPower; q--)
        {
            DivideByFive(power);
            Store(power, table, q);
        }
        return table;
    }

    private static void SetOne(Span<uint> power)
    {
        power.Clear();
        power[^1] = 1u << 31;
    }

    private static void MultiplyByFive(Span<uint> power)
    {
        ulong carry = 0;
        for (var i = 0; i < Limbs; i++)
        {
            carry += power[i] * 5ul;
            power[i] = (uint)carry;
            carry >>= 32;
        }
        var overflow = 32 - int.LeadingZeroCount((int)carry);
        for (var i = Limbs - 1; i >= 0; i--)
        {
            var limb = (carry << 32) | power[i];
            carry = power[i];
            power[i] = (uint)(limb >> overflow);
        }
    }

    private static void DivideByFive(Span<uint> power)
    {
        ulong remainder = 0;
        for (var i = Limbs - 1; i >= 0; i--)
        {
            var limb = (remainder << 32) | power[i];
            power[i] = (uint)(limb / 5);
            remainder = limb % 5;
        }
        var room = int.LeadingZeroCount((int)power[^1]);
        uint below = 0;
        for (var i = 0; i < Limbs; i++)
        {
            var limb = power[i];
            power[i] = (limb << room) | (below >> (32 - room));
            below = limb;
        }
    }

    private static void Store(ReadOnlySpan<uint> power, ulong[] table, int q)
    {
        table[2 * (q - MinPower)] = ((ulong)power[7] << 32) | power[6];
        table[2 * (q - MinPower) + 1] = ((ulong)power[5] << 32) | power[4];
    }
}
