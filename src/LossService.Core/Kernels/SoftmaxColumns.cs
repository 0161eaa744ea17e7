using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// <see cref="SoftmaxKernel{TElement}"/> for short rows, eight at a time, with a lane for each row and a vector for each class. So
/// no row is summed across lanes or leaves lanes empty, and every step costs once for eight rows.
/// </summary>
/// <remarks>
/// Lanes do not interact, so a row's bits do not depend on the other rows. Reads and writes transpose four classes of eight rows at a
/// time; the last four may overlap those before.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored: float32 or float64.</typeparam>
internal static unsafe class SoftmaxColumns<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    public const int MaxClasses = 32;

    private const int Rows = VectorMath.Width, Four = 4;

    /// <summary>Stores the logits class by class, and returns each row's minimum and maximum.</summary>
    /// <param name="rows">The start of each of the eight rows.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="z">Receives the logits.</param>
    /// <param name="max">The maxima m.</param>
    /// <returns>The minima.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector512<double> Read(TElement** rows, int classes, TElement* z, out Vector512<double> max)
    {
        if (classes < Four)
        {
            for (var c = 0; c < classes; c++)
                for (var row = 0; row < Rows; row++) z[c * Rows + row] = rows[row][c];
        }
        else
        {
            for (var c = 0; c < classes; c += Four)
            {
                var start = Math.Min(c, classes - Four);
                TElement.LoadColumns(rows, start, z + start * Rows);
            }
        }
        return TElement.FindMinMaxOfColumns(z, classes, out max);
    }

    /// <summary>Stores e_c = exp((z_c − m)/T) class by class, and returns s = Σ e_c − 1 of each row.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="min">The minima.</param>
    /// <param name="max">The maxima m; where one is +∞, that row's results are undefined.</param>
    /// <param name="scale">The temperature T.</param>
    /// <param name="e">Receives the exponentials.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector512<double> StoreExponentials(
        TElement* z, int classes, Vector512<double> min, Vector512<double> max, in ExponentialScale scale, double* e)
    {
        var isLarge = Vector512.GreaterThan(Vector512.Abs(max), Vector512.Create(ShiftedExponential.MaxShift * scale.Temperature));
        if (isLarge.AsInt64() != Vector512<long>.Zero) return StoreExponentialsOfLarge(z, classes, max, isLarge, scale, e);
        var isNear = Vector512.LessThanOrEqualAll(max - min, Vector512.Create(ShiftedExponential.NormalSpan * scale.Temperature));
        return scale.Temperature == 1
            ? Store(z, classes, isNear, new ShiftedExponential(max), e)
            : Store(z, classes, isNear, new TemperedExponential(max, scale), e);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector512<double> Store<TExponential>(TElement* z, int classes, bool isNear, TExponential exponential, double* e)
        where TExponential : struct, IShiftedExponential
    {
        var sum = new Sum();
        if (isNear)
        {
            for (var end = z + classes * Rows; z < end; z += Rows, e += Rows)
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

    /// <summary>
    /// The same where some rows have |m|/T above <see cref="ShiftedExponential.MaxShift"/>; the bits of the other rows do not change.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<double> StoreExponentialsOfLarge(
        TElement* z, int classes, Vector512<double> max, Vector512<double> isLarge, in ExponentialScale scale, double* e)
    {
        var small = Vector512.AndNot(max, isLarge);
        return scale.Temperature == 1
            ? StoreLarge(z, classes, max, isLarge, new ShiftedExponential(small), scale, e)
            : StoreLarge(z, classes, max, isLarge, new TemperedExponential(small, scale), scale, e);
    }

    private static Vector512<double> StoreLarge<TExponential>(TElement* z, int classes, Vector512<double> max, Vector512<double> isLarge,
        TExponential exponential, in ExponentialScale scale, double* e) where TExponential : struct, IShiftedExponential
    {
        var sum = new Sum();
        for (var end = z + classes * Rows; z < end; z += Rows, e += Rows)
        {
            var d = Dd.Difference(TElement.Load(z), max);
            if (scale.Temperature != 1) d /= Vector512.Create(scale.Temperature);
            var block = Vector512.ConditionalSelect(isLarge, VectorMath.Exp(d.Hi, d.Lo), exponential.Exp(TElement.Load(z)));
            block.Store(e);
            sum.Add(block);
        }
        return sum.WithoutLargest;
    }

    /// <summary>Σ b_c·(m − z_c) and Σ b_c of each row.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="max">The maxima m.</param>
    /// <param name="spread">The b_c of the eight rows, class by class; null = all are 1.</param>
    /// <param name="share">Σ b_c.</param>
    /// <returns>The first sum: NaN where a b_c is 0 and its z_c is −∞.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector512<double> SumGaps(
        TElement* z, int classes, Vector512<double> max, double* spread, out Vector512<double> share)
    {
        var gaps = Vector512<double>.Zero;
        share = Vector512<double>.Zero;
        for (var c = 0; c < classes; c++)
        {
            var b = spread == null ? Vector512<double>.One : Vector512.Load(spread + c * Rows);
            gaps = Vector512.FusedMultiplyAdd(max - TElement.Load(z + c * Rows), b, gaps);
            share += b;
        }
        return gaps;
    }

    /// <summary>Writes scale·∂loss/∂z from the exponentials, except for the true classes.</summary>
    /// <param name="e">The exponentials e_c, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="gradient">The start of each of the eight rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Write(double* e, int classes, Vector512<double> part, TElement** gradient)
    {
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
                Vector512.Load(column) * part, Vector512.Load(column + Rows) * part,
                Vector512.Load(column + 2 * Rows) * part, Vector512.Load(column + 3 * Rows) * part, gradient, start);
        }
    }

    /// <summary>Replaces the exponentials by e_c·part − b_c·shift.</summary>
    /// <param name="e">The exponentials e_c, class by class.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="shift">The factor of b_c.</param>
    /// <param name="spread">The b_c of the eight rows, class by class; null = all are 1.</param>
    /// <returns>The rows where a result is much smaller than its two parts, so that it may lack digits of a float32.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector512<double> Combine(double* e, int classes, Vector512<double> part, Vector512<double> shift, double* spread)
    {
        var least = Vector512.Abs(shift) * Vector512.Create(SoftmaxKernel<TElement>.LeastPart);
        var lost = Vector512<double>.Zero;
        for (var c = 0; c < classes; c++)
        {
            var b = spread == null ? Vector512<double>.One : Vector512.Load(spread + c * Rows);
            var g = Vector512.FusedMultiplyAdd(Vector512.Load(e + c * Rows), part, -shift * b);
            lost |= Vector512.LessThan(Vector512.Abs(g), least * b);
            g.Store(e + c * Rows);
        }
        return lost;
    }

    /// <summary>
    /// Σ e_c of each lane, without the terms that are 1, next to which small terms would lose their digits. The terms alternate between
    /// two sums, so that each is rounded half as often: the greatest error of a loss among four million unusual rows was 3.7 ulp, with
    /// one sum 4.1 ulp.
    /// </summary>
    private struct Sum
    {
        private Vector512<double> _all, _below, _nextAll, _nextBelow;

        /// <summary>Σ e_c − 1; the terms that are 1 add up to a whole number, so their sum is rounded to one.</summary>
        public readonly Vector512<double> WithoutLargest
        {
            get
            {
                var rounder = Vector512.Create(PowerOfTwo.Rounder);
                var below = _below + _nextBelow;
                var ones = _all + _nextAll - below + rounder - rounder;
                return below + (ones - Vector512<double>.One);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector512<double> e)
        {
            var below = Vector512.ConditionalSelect(Vector512.LessThan(e, Vector512<double>.One), _below + e, _below);
            (_all, _nextAll) = (_nextAll, _all + e);
            (_below, _nextBelow) = (_nextBelow, below);
        }
    }
}
