using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Formats.Numbers;

/// <summary>Eight 64-bit integers.</summary>
/// <remarks>
/// Two vectors of four: <see cref="Vector512"/> is not compiled to instructions on a machine without AVX-512, but to calls of the
/// framework's methods, with which writing a float32 takes four times as long.
/// </remarks>
internal readonly struct UInt64x8(Vector256<ulong> lower, Vector256<ulong> upper)
{
    private readonly Vector256<ulong> _lower = lower;
    private readonly Vector256<ulong> _upper = upper;

    /// <summary>The same integer eight times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 Create(ulong value) => new(Vector256.Create(value), Vector256.Create(value));

    /// <summary>Widens the eight 32-bit integers at <paramref name="source"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe UInt64x8 Widen(uint* source)
    {
        var (lower, upper) = Vector256.Widen(Vector256.Load(source));
        return new(lower, upper);
    }

    /// <summary>The elements of <paramref name="table"/> with these indices.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe UInt64x8 LookUp(ulong* table)
    {
        return new(LookUp(table, _lower), LookUp(table, _upper));

        static Vector256<ulong> LookUp(ulong* table, Vector256<ulong> index) => Vector256.Create(
            table[index.GetElement(0)], table[index.GetElement(1)], table[index.GetElement(2)], table[index.GetElement(3)]);
    }

    /// <summary>Writes the eight integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Store(ulong* destination)
    {
        _lower.Store(destination);
        _upper.Store(destination + 4);
    }

    /// <summary>The products of the lower 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt64x8 Multiply32(UInt64x8 by) => new(Multiply32(_lower, by._lower), Multiply32(_upper, by._upper));

    /// <inheritdoc cref="Multiply32(UInt64x8)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt64x8 Multiply32(uint by) => Multiply32(Create(by));

    /// <summary>The products of each 32 bits, without what exceeds them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt64x8 MultiplyEach32(uint by) =>
        new((_lower.AsUInt32() * by).AsUInt64(), (_upper.AsUInt32() * by).AsUInt64());

    /// <summary>The products of each 16 bits, without what exceeds them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt64x8 MultiplyEach16(ushort by) =>
        new((_lower.AsUInt16() * by).AsUInt64(), (_upper.AsUInt16() * by).AsUInt64());

    /// <summary>Shifts each 32 bits to the right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt64x8 ShiftEach32(int by) => new((_lower.AsUInt32() >> by).AsUInt64(), (_upper.AsUInt32() >> by).AsUInt64());

    /// <summary>Shifts each 16 bits to the right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public UInt64x8 ShiftEach16(int by) => new((_lower.AsUInt16() >> by).AsUInt64(), (_upper.AsUInt16() >> by).AsUInt64());

    /// <summary>All bits set where the integers are equal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 Equal(UInt64x8 a, UInt64x8 b) =>
        new(Vector256.Equals(a._lower, b._lower), Vector256.Equals(a._upper, b._upper));

    /// <summary>All bits set where, as signed integers, the first is greater.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator >(UInt64x8 a, UInt64x8 b) => new(
        Vector256.GreaterThan(a._lower.AsInt64(), b._lower.AsInt64()).AsUInt64(),
        Vector256.GreaterThan(a._upper.AsInt64(), b._upper.AsInt64()).AsUInt64());

    /// <summary>All bits set where, as signed integers, the first is less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator <(UInt64x8 a, UInt64x8 b) => b > a;

    /// <summary><paramref name="yes"/> where the bits of a mask are set, <paramref name="no"/> where they are not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 Select(UInt64x8 mask, UInt64x8 yes, UInt64x8 no) => no ^ ((yes ^ no) & mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator +(UInt64x8 a, UInt64x8 b) => new(a._lower + b._lower, a._upper + b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator +(UInt64x8 a, ulong b) => a + Create(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator -(UInt64x8 a, UInt64x8 b) => new(a._lower - b._lower, a._upper - b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator -(UInt64x8 a, ulong b) => a - Create(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator &(UInt64x8 a, UInt64x8 b) => new(a._lower & b._lower, a._upper & b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator &(UInt64x8 a, ulong b) => a & Create(b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator |(UInt64x8 a, ulong b) => new(a._lower | Vector256.Create(b), a._upper | Vector256.Create(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator ^(UInt64x8 a, UInt64x8 b) => new(a._lower ^ b._lower, a._upper ^ b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator <<(UInt64x8 a, int by) => new(a._lower << by, a._upper << by);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt64x8 operator >>(UInt64x8 a, int by) => new(a._lower >> by, a._upper >> by);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Multiply32(Vector256<ulong> a, Vector256<ulong> b) => Avx2.IsSupported
        ? Avx2.Multiply(a.AsUInt32(), b.AsUInt32())
        : (a & Vector256.Create((ulong)uint.MaxValue)) * (b & Vector256.Create((ulong)uint.MaxValue));
}
