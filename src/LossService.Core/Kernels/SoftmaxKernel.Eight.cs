using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <content>
/// The long loops eight elements at a time, for processors with AVX-512: the same operations, so that the bits are the same.
/// </content>
internal static unsafe partial class SoftmaxKernel<TElement>
{
    /// <summary>The same as for four at a time, which adds the even vectors of four and the odd ones by themselves, too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> StoreNear(TElement* z, int end, EightExponentials exponential, double* e)
    {
        var total = Vector256<double>.Zero;
        for (var start = 0; start < end; start += 2 * Run * Width)
        {
            var stop = Math.Min(start + 2 * Run * Width, end);
            var sums = Vector512<double>.Zero;
            var c = start;
            for (; c < stop - Width; c += 2 * Width)
            {
                var block = exponential.ExpNear(TElement.LoadEightFinite(z + c));
                block.Store(e + c);
                sums += block;
            }
            var (even, odd) = (sums.GetLower(), sums.GetUpper());
            if (c < stop)
            {
                var last = exponential.ExpNear(Vector512.Create(TElement.Load(z + c), Vector256<double>.Zero)).GetLower();
                last.Store(e + c);
                even += last;
            }
            total += even + odd;
        }
        return total;
    }

    /// <summary>Adds b_c·(m − z_c) and b_c as far as there are eight, the even vectors of four and the odd ones by themselves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumEights<TSpread>(TElement* z, TSpread* spread, int stop, double max, ref int c, ref Vector256<double> even,
        ref Vector256<double> odd, ref Vector256<double> evenShare, ref Vector256<double> oddShare)
        where TSpread : unmanaged, IStoredFloat<TSpread>
    {
        var (m, gaps, shares) = (Vector512.Create(max), Vector512<double>.Zero, Vector512<double>.Zero);
        if (spread == null)
        {
            for (; c <= stop - 2 * Width; c += 2 * Width) gaps += m - TElement.LoadEight(z + c);
        }
        else
        {
            for (; c <= stop - 2 * Width; c += 2 * Width)
            {
                var b = TSpread.LoadEight(spread + c);
                gaps = Vector512.FusedMultiplyAdd(m - TElement.LoadEight(z + c), b, gaps);
                shares += b;
            }
        }
        (even, odd) = (gaps.GetLower(), gaps.GetUpper());
        (evenShare, oddShare) = (shares.GetLower(), shares.GetUpper());
    }

    /// <summary>Writes e_c·part as far as there are eight.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteEights(double* e, int classes, double part, TElement* gradient)
    {
        var (factor, c) = (Vector512.Create(part), 0);
        for (; c <= classes - 2 * Width; c += 2 * Width) TElement.StoreEight(Vector512.Load(e + c) * factor, gradient + c);
        return c;
    }

    /// <summary>Writes e_c·part − b_c·shift as far as there are eight, and notes where an element lacks digits.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteEights<TSpread>(
        double* e, int classes, double part, double shift, TSpread* spread, TElement* gradient, ref Vector256<double> lost)
        where TSpread : unmanaged, IStoredFloat<TSpread>
    {
        var (factor, constant) = (Vector512.Create(part), Vector512.Create(-shift));
        var least = Vector512.Create(Math.Abs(shift) * LeastPart);
        var (isLost, c) = (Vector512<double>.Zero, 0);
        for (; c <= classes - 2 * Width; c += 2 * Width)
        {
            var b = spread == null ? Vector512<double>.One : TSpread.LoadEight(spread + c);
            var g = Vector512.FusedMultiplyAdd(Vector512.Load(e + c), factor, constant * b);
            isLost |= Vector512.LessThan(Vector512.Abs(g), least * b);
            TElement.StoreEight(g, gradient + c);
        }
        lost |= isLost.GetLower() | isLost.GetUpper();
        return c;
    }
}
