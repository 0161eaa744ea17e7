using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// <see cref="SoftmaxKernel{TElement}"/> for short rows, four at a time, with a lane for each row and a vector for each class. So
/// no row is summed across lanes or leaves lanes empty, and every step costs once for four rows.
/// </summary>
/// <remarks>
/// Lanes do not interact, so a row's bits do not depend on the other rows. Reads and writes transpose four classes of four rows at a
/// time; the last four may overlap those before.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored: float32 or float64.</typeparam>
internal static unsafe class SoftmaxColumns<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    public const int MaxClasses = 32;

    private const int Rows = Lanes.Width, Four = 4;

    /// <summary>Stores the logits class by class, and returns each row's minimum and maximum.</summary>
    /// <typeparam name="TStored">How the rows are stored: as the columns are, or in 16 bits where the columns are float32.</typeparam>
    /// <param name="rows">The start of each of the four rows.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="z">Receives the logits.</param>
    /// <param name="max">The maxima m.</param>
    /// <returns>The minima.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> Read<TStored>(TStored** rows, int classes, TElement* z, out Vector256<double> max)
        where TStored : unmanaged, IStoredFloat<TStored>
    {
        if (classes >= FloatColumns.MinClasses)
        {
            if (typeof(TStored) == typeof(StoredFloat32))
                return FloatColumns.Read((StoredFloat32**)rows, classes, (float*)z, out max);
            if (typeof(TStored) == typeof(StoredFloat16))
                return FloatColumns.Read((StoredFloat16**)rows, classes, (float*)z, out max);
            if (typeof(TStored) == typeof(StoredBFloat16))
                return FloatColumns.Read((StoredBFloat16**)rows, classes, (float*)z, out max);
        }
        Read(rows, classes, z);
        var min = max = TElement.Load(z);
        for (var c = 1; c < classes; c++)
        {
            var column = TElement.Load(z + c * Rows);
            (min, max) = (Vector256.MinNative(min, column), Vector256.MaxNative(max, column));
        }
        return min;
    }

    /// <summary>Stores numbers, none NaN, class by class.</summary>
    /// <param name="rows">The start of each of the four rows.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="columns">Receives the numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read<TStored>(TStored** rows, int classes, TElement* columns) where TStored : unmanaged, IStoredFloat<TStored>
    {
        if (classes < Four)
        {
            for (var c = 0; c < classes; c++)
                for (var row = 0; row < Rows; row++)
                    columns[c * Rows + row] = TElement.FromDouble(TStored.ToDouble(rows[row][c]));
        }
        else if (typeof(TStored) == typeof(StoredFloat64))
        {
            for (var c = 0; c < classes; c += Four)
            {
                var start = Math.Min(c, classes - Four);
                StoredFloat64.LoadColumns((StoredFloat64**)rows, start, (StoredFloat64*)columns + start * Rows);
            }
        }
        else
        {
            Read(rows, classes, columns, out _);
        }
    }

    /// <summary>Stores e_c = exp((z_c − m)/T) class by class, and returns s = Σ e_c − 1 of each row.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="min">The minima.</param>
    /// <param name="max">The maxima m; where one is +∞, that row's results are undefined.</param>
    /// <param name="scale">The temperature T.</param>
    /// <param name="e">Receives the exponentials.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> StoreExponentials(
        TElement* z, int classes, Vector256<double> min, Vector256<double> max, in ExponentialScale scale, double* e)
    {
        var isLarge = Vector256.GreaterThan(Vector256.Abs(max), Vector256.Create(ShiftedExponential.MaxShift * scale.Temperature));
        if (isLarge.AsInt64() != Vector256<long>.Zero) return StoreExponentialsOfLarge(z, classes, max, isLarge, scale, e);
        var isNear = Vector256.LessThanOrEqualAll(max - min, Vector256.Create(ShiftedExponential.NormalSpan * scale.Temperature));
        return scale.Temperature == 1
            ? Store(z, classes, isNear, new ShiftedExponential(max), e)
            : Store(z, classes, isNear, new TemperedExponential(max, scale), e);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<double> Store<TExponential>(TElement* z, int classes, bool isNear, TExponential exponential, double* e)
        where TExponential : struct, IShiftedExponential
    {
        var sum = new ColumnSum();
        if (isNear)
        {
            var end = z + classes * Rows;
            if (Lanes.HasMost) sum = StoreTwos(ref z, classes, exponential.Eight, ref e);
            for (; z < end; z += Rows, e += Rows)
            {
                var block = exponential.ExpNear(TElement.Load(z));
                block.Store(e);
                sum.Add(block);
            }
        }
        else
        {
            for (var end = z + classes * Rows; z < end; z += Rows, e += Rows)
            {
                var block = exponential.Exp(TElement.Load(z));
                block.Store(e);
                sum.Add(block);
            }
        }
        return sum.WithoutLargest;
    }

    /// <summary>The same for two classes at a time, on processors with AVX-512; moves both pointers to a last class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ColumnSum StoreTwos(ref TElement* z, int classes, EightExponentials exponential, ref double* e)
    {
        var (all, below) = (Vector512<double>.Zero, Vector512<double>.Zero);
        for (var end = z + (classes & ~1) * Rows; z < end; z += 2 * Rows, e += 2 * Rows)
        {
            var block = exponential.ExpNear(TElement.LoadEightFinite(z));
            block.Store(e);
            ColumnSum.Add(block, ref all, ref below);
        }
        return ColumnSum.Of(all, below);
    }

    /// <summary>
    /// The same where some rows have |m|/T above <see cref="ShiftedExponential.MaxShift"/>; the bits of the other rows do not change.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> StoreExponentialsOfLarge(
        TElement* z, int classes, Vector256<double> max, Vector256<double> isLarge, in ExponentialScale scale, double* e)
    {
        var small = Vector256.AndNot(max, isLarge);
        return scale.Temperature == 1
            ? StoreLarge(z, classes, max, isLarge, new ShiftedExponential(small), scale, e)
            : StoreLarge(z, classes, max, isLarge, new TemperedExponential(small, scale), scale, e);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> StoreLarge<TExponential>(TElement* z, int classes, Vector256<double> max, Vector256<double> isLarge,
        TExponential exponential, in ExponentialScale scale, double* e) where TExponential : struct, IShiftedExponential
    {
        var sum = new ColumnSum();
        for (var end = z + classes * Rows; z < end; z += Rows, e += Rows)
        {
            var d = Dd.Difference(TElement.Load(z), max);
            if (scale.Temperature != 1) d /= Vector256.Create(scale.Temperature);
            var block = Lanes.Select(isLarge, VectorMath.Exp(d.Hi, d.Lo), exponential.Exp(TElement.Load(z)));
            block.Store(e);
            sum.Add(block);
        }
        return sum.WithoutLargest;
    }

    /// <summary>Σ b_c·(m − z_c) and Σ b_c of each row, of the even classes and of the odd ones by themselves.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="max">The maxima m.</param>
    /// <param name="spread">The b_c of the four rows, class by class; null = all are 1.</param>
    /// <param name="share">Σ b_c.</param>
    /// <returns>The first sum: NaN where a b_c is 0 and its z_c is −∞.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> SumGaps<TSpread>(
        TElement* z, int classes, Vector256<double> max, TSpread* spread, out Vector256<double> share)
        where TSpread : unmanaged, IStoredFloat<TSpread>
    {
        var (gaps, nextGaps) = (Vector256<double>.Zero, Vector256<double>.Zero);
        var (shares, nextShares) = (Vector256<double>.Zero, Vector256<double>.Zero);
        var c = 0;
        if (Lanes.HasMost)
        {
            var (bothGaps, bothShares) = (Vector512<double>.Zero, Vector512<double>.Zero);
            for (; c < classes - 1; c += 2)
            {
                var b = spread == null ? Vector512<double>.One : TSpread.LoadEight(spread + c * Rows);
                bothGaps = Vector512.FusedMultiplyAdd(Vector512.Create(max, max) - TElement.LoadEight(z + c * Rows), b, bothGaps);
                bothShares += b;
            }
            (gaps, nextGaps) = (bothGaps.GetLower(), bothGaps.GetUpper());
            (shares, nextShares) = (bothShares.GetLower(), bothShares.GetUpper());
        }
        for (; c < classes; c++)
        {
            var b = spread == null ? Vector256<double>.One : TSpread.Load(spread + c * Rows);
            (gaps, nextGaps) = (nextGaps, Vector256.FusedMultiplyAdd(max - TElement.Load(z + c * Rows), b, gaps));
            (shares, nextShares) = (nextShares, shares + b);
        }
        share = shares + nextShares;
        return gaps + nextGaps;
    }

    /// <summary>Writes scale·∂loss/∂z from the exponentials, except for the true classes.</summary>
    /// <param name="e">The exponentials e_c, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="gradient">The start of each of the four rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Write(double* e, int classes, Vector256<double> part, TElement** gradient)
    {
        if (Lanes.HasMost && classes >= FloatColumns.MinWritten && typeof(TElement) != typeof(StoredFloat64))
        {
            if (typeof(TElement) == typeof(StoredFloat16)) FloatColumns.WriteEights(e, classes, part, (StoredFloat16**)gradient);
            else if (typeof(TElement) == typeof(StoredBFloat16)) FloatColumns.WriteEights(e, classes, part, (StoredBFloat16**)gradient);
            else FloatColumns.WriteEights(e, classes, part, (StoredFloat32**)gradient);
            return;
        }
        if (classes < Four)
        {
            for (var c = 0; c < classes; c++)
                for (var row = 0; row < Rows; row++) gradient[row][c] = TElement.FromDouble(e[c * Rows + row] * part[row]);
            return;
        }
        for (var c = 0; c < classes; c += Four)
        {
            var start = Math.Min(c, classes - Four);
            var column = e + start * Rows;
            TElement.StoreColumns(
                Vector256.Load(column) * part, Vector256.Load(column + Rows) * part,
                Vector256.Load(column + 2 * Rows) * part, Vector256.Load(column + 3 * Rows) * part, gradient, start);
        }
    }

    /// <summary>Replaces the exponentials by e_c·part − b_c·shift.</summary>
    /// <param name="e">The exponentials e_c, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="shift">The factor of b_c.</param>
    /// <param name="spread">The b_c of the four rows, class by class; null = all are 1.</param>
    /// <returns>The rows where a result is much smaller than its two parts, so that it may lack digits of a float32.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> Combine<TSpread>(
        double* e, int classes, Vector256<double> part, Vector256<double> shift, TSpread* spread)
        where TSpread : unmanaged, IStoredFloat<TSpread>
    {
        var least = Vector256.Abs(shift) * Vector256.Create(SoftmaxKernel<TElement>.LeastPart);
        var (lost, c) = (Vector256<double>.Zero, 0);
        if (Lanes.HasMost)
        {
            var (parts, shifts, leasts) = (Vector512.Create(part, part), Vector512.Create(-shift, -shift), Vector512.Create(least, least));
            var isLost = Vector512<double>.Zero;
            for (; c < classes - 1; c += 2)
            {
                var b = spread == null ? Vector512<double>.One : TSpread.LoadEight(spread + c * Rows);
                var g = Vector512.FusedMultiplyAdd(Vector512.Load(e + c * Rows), parts, shifts * b);
                isLost |= Vector512.LessThan(Vector512.Abs(g), leasts * b);
                g.Store(e + c * Rows);
            }
            lost = isLost.GetLower() | isLost.GetUpper();
        }
        for (; c < classes; c++)
        {
            var b = spread == null ? Vector256<double>.One : TSpread.Load(spread + c * Rows);
            var g = Vector256.FusedMultiplyAdd(Vector256.Load(e + c * Rows), part, -shift * b);
            lost |= Vector256.LessThan(Vector256.Abs(g), least * b);
            g.Store(e + c * Rows);
        }
        return lost;
    }
}
