using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <summary>Sums of two doubles in unmanaged memory, the first doubles and the second ones apart.</summary>
/// <param name="hi">The first doubles, the nearest to the sums.</param>
/// <param name="lo">The second ones.</param>
internal readonly unsafe struct WideArray(double* hi, double* lo)
{
    /// <summary>The first doubles.</summary>
    public double* Hi => hi;

    /// <summary>The second ones.</summary>
    public double* Lo => lo;

    /// <summary>The numbers from <paramref name="start"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TNumber Load<TNumber>(int start) where TNumber : struct, IArithmetic<TNumber> => TNumber.Load(in hi[start], in lo[start]);

    /// <summary>Writes numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TNumber>(int start, TNumber numbers) where TNumber : struct, IArithmetic<TNumber> =>
        numbers.Store(ref hi[start], ref lo[start]);

    /// <summary>The same of numbers whose first doubles are the nearest to them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreNormalized<TNumber>(int start, TNumber numbers) where TNumber : struct, IWideNumbers<TNumber> =>
        numbers.StoreParts(ref hi[start], ref lo[start]);

    /// <summary>Writes one number from lane 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void SetOne(int index, Dd number) => (hi[index], lo[index]) = (number.Hi.ToScalar(), number.Lo.ToScalar());

    /// <summary>Copies one number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Copy(int from, WideArray to, int index) => (to.Hi[index], to.Lo[index]) = (hi[from], lo[from]);
}
