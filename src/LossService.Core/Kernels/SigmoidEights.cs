using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// The exponentials and logarithms of sigmoids eight at a time, for processors with AVX-512: the bits are those of four at a time.
/// </summary>
internal static unsafe class SigmoidEights
{
    private const int Width = 8;

    /// <summary>Stores e^−|z| as far as there are eight, with the bits of <see cref="VectorMath.ExpOfNegative"/>.</summary>
    /// <returns>The first element that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static int StoreExponentials<TElement>(TElement* z, int count, double* e) where TElement : unmanaged, IStoredFloat<TElement>
    {
        var exponential = new ShiftedExponential().Eight;
        var least = Vector512.Create(-ShiftedExponential.NormalSpan);
        var i = 0;
        for (; i <= count - Width; i += Width)
        {
            var x = -Vector512.Abs(TElement.LoadEight(z + i));
            // NaN is not near either
            if (!Vector512.GreaterThanOrEqualAll(x, least))
            {
                VectorMath.ExpOfNegative(x.GetLower()).Store(e + i);
                VectorMath.ExpOfNegative(x.GetUpper()).Store(e + i + Lanes.Width);
                continue;
            }
            exponential.ExpNear(x).Store(e + i);
        }
        return i;
    }

    /// <summary>Stores −ln(1 + e) as far as there are eight, with the bits of <see cref="UnitLog1p"/>.</summary>
    /// <returns>The first element that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static int StoreLogs(double* e, int count, double* log)
    {
        var i = 0;
        for (; i <= count - Width; i += Width) (-UnitLog1p.Compute(Vector512.Load(e + i))).Store(log + i);
        return i;
    }
}
