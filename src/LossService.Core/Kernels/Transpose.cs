using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Transposes a square of four vectors of four: rows become columns, and back.</summary>
internal static class Transpose
{
    /// <summary>Lane j of vector i becomes lane i of vector j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Squares(ref Vector128<float> a, ref Vector128<float> b, ref Vector128<float> c, ref Vector128<float> d)
    {
        if (!Sse.IsSupported)
        {
            (a, b, c, d) = (Vector128.Create(a[0], b[0], c[0], d[0]), Vector128.Create(a[1], b[1], c[1], d[1]),
                Vector128.Create(a[2], b[2], c[2], d[2]), Vector128.Create(a[3], b[3], c[3], d[3]));
            return;
        }
        var (abLow, abHigh) = (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
        var (cdLow, cdHigh) = (Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d));
        (a, b) = (Sse.MoveLowToHigh(abLow, cdLow), Sse.MoveHighToLow(cdLow, abLow));
        (c, d) = (Sse.MoveLowToHigh(abHigh, cdHigh), Sse.MoveHighToLow(cdHigh, abHigh));
    }

    /// <summary>Writes four columns of four to elements start to start + 3 of each of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Store<TElement>(
        Vector256<double> one, Vector256<double> two, Vector256<double> three, Vector256<double> four, TElement** rows, int start)
        where TElement : unmanaged, IStoredFloat<TElement>
    {
        Lanes.Transpose(ref one, ref two, ref three, ref four);
        TElement.Store(one, rows[0] + start);
        TElement.Store(two, rows[1] + start);
        TElement.Store(three, rows[2] + start);
        TElement.Store(four, rows[3] + start);
    }
}
