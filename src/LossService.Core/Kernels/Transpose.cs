using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LossService.Core.Kernels;

/// <summary>Transposes four neighbours of each of eight rows to four vectors with a lane for each row, and back.</summary>
/// <remarks>
/// The loads put row i into one register with row i + 4 (float) or i + 2 (double). Then the 4×4 (or 2×2) squares in the halves of the
/// registers are transposed at once, and nothing crosses between halves.
/// </remarks>
internal static unsafe class Transpose
{
    /// <summary>Reads elements start to start + 3 of each of eight rows, and stores them as four columns of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(float** rows, int start, float* columns)
    {
        if (!Avx.IsSupported)
        {
            ReadEach(rows, start, columns);
            return;
        }
        var (a, b) = (Pair(rows, 0, start), Pair(rows, 1, start));
        var (c, d) = (Pair(rows, 2, start), Pair(rows, 3, start));
        var (abLow, abHigh) = (Avx.UnpackLow(a, b).AsDouble(), Avx.UnpackHigh(a, b).AsDouble());
        var (cdLow, cdHigh) = (Avx.UnpackLow(c, d).AsDouble(), Avx.UnpackHigh(c, d).AsDouble());
        Avx.UnpackLow(abLow, cdLow).AsSingle().Store(columns);
        Avx.UnpackHigh(abLow, cdLow).AsSingle().Store(columns + 8);
        Avx.UnpackLow(abHigh, cdHigh).AsSingle().Store(columns + 16);
        Avx.UnpackHigh(abHigh, cdHigh).AsSingle().Store(columns + 24);
    }

    /// <inheritdoc cref="Read(float**, int, float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(double** rows, int start, double* columns)
    {
        if (!Avx.IsSupported)
        {
            ReadEach(rows, start, columns);
            return;
        }
        ReadTwo(rows, start, columns);
        ReadTwo(rows, start + 2, columns + 16);
    }

    /// <summary>Writes elements start to start + 3 of each of eight rows from four columns of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(
        Vector256<float> one, Vector256<float> two, Vector256<float> three, Vector256<float> four, float** rows, int start)
    {
        if (Avx.IsSupported)
        {
            var (abLow, abHigh) = (Avx.UnpackLow(one, two).AsDouble(), Avx.UnpackHigh(one, two).AsDouble());
            var (cdLow, cdHigh) = (Avx.UnpackLow(three, four).AsDouble(), Avx.UnpackHigh(three, four).AsDouble());
            Split(Avx.UnpackLow(abLow, cdLow).AsSingle(), rows, 0, start);
            Split(Avx.UnpackHigh(abLow, cdLow).AsSingle(), rows, 1, start);
            Split(Avx.UnpackLow(abHigh, cdHigh).AsSingle(), rows, 2, start);
            Split(Avx.UnpackHigh(abHigh, cdHigh).AsSingle(), rows, 3, start);
            return;
        }
        for (var row = 0; row < Vector256<float>.Count; row++)
            Vector128.Create(one[row], two[row], three[row], four[row]).Store(rows[row] + start);
    }

    /// <inheritdoc cref="Write(Vector256{float}, Vector256{float}, Vector256{float}, Vector256{float}, float**, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(
        Vector512<double> one, Vector512<double> two, Vector512<double> three, Vector512<double> four, double** rows, int start)
    {
        WriteTwo(one, two, rows, start);
        WriteTwo(three, four, rows, start + 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadTwo(double** rows, int start, double* columns)
    {
        var (a, b) = (Pair(rows, 0, start), Pair(rows, 1, start));
        var (c, d) = (Pair(rows, 4, start), Pair(rows, 5, start));
        Vector512.Create(Avx.UnpackLow(a, b), Avx.UnpackLow(c, d)).Store(columns);
        Vector512.Create(Avx.UnpackHigh(a, b), Avx.UnpackHigh(c, d)).Store(columns + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteTwo(Vector512<double> one, Vector512<double> two, double** rows, int start)
    {
        if (Avx.IsSupported)
        {
            Split(Avx.UnpackLow(one.GetLower(), two.GetLower()), rows, 0, start);
            Split(Avx.UnpackHigh(one.GetLower(), two.GetLower()), rows, 1, start);
            Split(Avx.UnpackLow(one.GetUpper(), two.GetUpper()), rows, 4, start);
            Split(Avx.UnpackHigh(one.GetUpper(), two.GetUpper()), rows, 5, start);
            return;
        }
        for (var row = 0; row < Vector512<double>.Count; row++) Vector128.Create(one[row], two[row]).Store(rows[row] + start);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float** rows, int row, int start) =>
        Vector256.Create(Vector128.Load(rows[row] + start), Vector128.Load(rows[row + 4] + start));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Pair(double** rows, int row, int start) =>
        Vector256.Create(Vector128.Load(rows[row] + start), Vector128.Load(rows[row + 2] + start));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector256<float> pair, float** rows, int row, int start)
    {
        pair.GetLower().Store(rows[row] + start);
        pair.GetUpper().Store(rows[row + 4] + start);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector256<double> pair, double** rows, int row, int start)
    {
        pair.GetLower().Store(rows[row] + start);
        pair.GetUpper().Store(rows[row + 2] + start);
    }

    private static void ReadEach<T>(T** rows, int start, T* columns) where T : unmanaged
    {
        for (var c = 0; c < 4; c++)
            for (var row = 0; row < 8; row++) columns[8 * c + row] = rows[row][start + c];
    }
}
