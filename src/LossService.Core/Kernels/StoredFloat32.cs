using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>An element of a float32 tensor.</summary>
internal readonly unsafe struct StoredFloat32(float value) : INarrowFloat<StoredFloat32>
{
    private readonly float _value = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load(StoredFloat32* source) => Widen(Vector128.Load((float*)source));

    /// <summary>Widens four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Widen(Vector128<float> four) => Avx.IsSupported
        ? Avx.ConvertToVector256Double(four)
        : Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<double> value, StoredFloat32* destination) => Narrow(value).Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> LoadEight(StoredFloat32* source) => Avx512F.ConvertToVector512Double(Vector256.Load((float*)source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(Vector512<double> value, StoredFloat32* destination) =>
        Avx512F.ConvertToVector256Single(value).Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloats(StoredFloat32* source) => Vector128.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSixteenFloats(StoredFloat32* source) => Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, StoredFloat32** rows, int start)
    {
        var (a, b, c, d) = (Narrow(one), Narrow(two), Narrow(three), Narrow(four));
        Transpose.Squares(ref a, ref b, ref c, ref d);
        a.Store((float*)(rows[0] + start));
        b.Store((float*)(rows[1] + start));
        c.Store((float*)(rows[2] + start));
        d.Store((float*)(rows[3] + start));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEightColumns(double* columns, Vector512<double> factors, StoredFloat32** rows, int start)
    {
        // of four columns, and of four more: eight elements of the first row and of the second, or of the last two
        var upperRows = Vector512.Create(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        var lowerRows = upperRows + Vector512.Create(2);
        var (four, next) = (Narrow(columns, factors), Narrow(columns + 16, factors));
        var above = Avx512F.PermuteVar16x32x2(four, upperRows, next);
        var below = Avx512F.PermuteVar16x32x2(four, lowerRows, next);
        above.GetLower().Store((float*)(rows[0] + start));
        above.GetUpper().Store((float*)(rows[1] + start));
        below.GetLower().Store((float*)(rows[2] + start));
        below.GetUpper().Store((float*)(rows[3] + start));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (double Min, double Max) FindMinMax(StoredFloat32* row, int count) => MinMax.Find((float*)row, count);

    public static double ToDouble(StoredFloat32 value) => value._value;

    public static StoredFloat32 FromDouble(double value) => new((float)value);

    /// <summary>Rounds four numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Narrow(Vector256<double> four) =>
        Avx.IsSupported ? Avx.ConvertToVector128Single(four) : Vector128.Narrow(four.GetLower(), four.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Narrow(double* from, Vector512<double> factors) => Vector512.Create(
        Avx512F.ConvertToVector256Single(Vector512.Load(from) * factors),
        Avx512F.ConvertToVector256Single(Vector512.Load(from + 8) * factors));
}
