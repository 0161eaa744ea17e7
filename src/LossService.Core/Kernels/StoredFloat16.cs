using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a float16 tensor.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
internal readonly unsafe struct StoredFloat16(ushort bits) : IStoredFloat<StoredFloat16>
{
    private const int Fraction = 10;

    private readonly ushort _bits = bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredFloat16* source)
    {
        var bits = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16());
        var size = (bits & Vector128.Create(0x7FFFu)) << 13;
        // see HalfBits
        var normal = size + Vector128.Create(0x38000000u);
        var subnormal = (size + Vector128.Create(0x38800000u)).AsSingle() - Vector128.Create(6.103515625e-5f);
        var isSmall = Vector128.LessThan(size.AsInt32(), Vector128.Create(0x400 << 13)).AsUInt32();
        var four = Vector128.ConditionalSelect(isSmall, subnormal.AsUInt32(), normal);
        var isSpecial = Vector128.GreaterThan(size.AsInt32(), Vector128.Create(0x7BFF << 13)).AsUInt32();
        four |= isSpecial & Vector128.Create(0x7F800000u);
        var sign = (bits & Vector128.Create(0x8000u)) << 16;
        return StoredFloat32.Widen((four | sign).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<double> value, StoredFloat16* destination)
    {
        var bits = StoredFloat32.Narrow(HalfBits.ToOdd(value, Fraction)).AsUInt32();
        var size = bits & Vector128.Create(0x7FFFFFFFu);
        var odd = (size >>> 13) & Vector128<uint>.One;
        // + a half of the last place that is kept, − the difference of the exponents
        var normal = (size + odd + Vector128.Create(0xC8000FFFu)) >>> 13;
        // the unit in the last place of 0.5 is that of the subnormal numbers, so that the addition rounds
        var half = Vector128.Create(0.5f);
        var subnormal = (size.AsSingle() + half).AsUInt32() - half.AsUInt32();
        var isSmall = Vector128.LessThan(size.AsInt32(), Vector128.Create(0x38800000)).AsUInt32();
        var rounded = Vector128.ConditionalSelect(isSmall, subnormal, normal);
        var overflows = Vector128.GreaterThan(size.AsInt32(), Vector128.Create(0x477FEFFF)).AsUInt32();
        rounded = Vector128.ConditionalSelect(overflows, Vector128.Create(0x7C00u), rounded);
        rounded |= (bits >>> 16) & Vector128.Create(0x8000u);
        *(ulong*)destination = Vector128.Narrow(rounded, rounded).AsUInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LoadEight(StoredFloat16* source) =>
        Avx512F.ConvertToVector512Double(HalfBits.FromFloat16(HalfBits.Load((ushort*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(Vector512<double> value, StoredFloat16* destination) =>
        HalfBits.Store(HalfBits.ToFloat16(Avx512F.ConvertToVector256Single(HalfBits.ToOdd(value, Fraction))), (ushort*)destination);

    public static void LoadColumns(StoredFloat16** rows, int start, StoredFloat16* columns) =>
        Transpose.Words((ushort**)rows, start, (ushort*)columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, StoredFloat16** rows, int start) =>
        Transpose.Store(one, two, three, four, rows, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredFloat16* row, int count)
    {
        var (min, max) = MinMax.FindOfWords((short*)row, count);
        return (ToDouble(new(min)), ToDouble(new(max)));
    }

    public static double ToDouble(StoredFloat16 value) => (double)BitConverter.UInt16BitsToHalf(value._bits);

    public static StoredFloat16 FromDouble(double value) => new(BitConverter.HalfToUInt16Bits((Half)value));
}
