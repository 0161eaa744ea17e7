using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// What <see cref="SoftmaxKernel{TElement}"/> computes, for short rows: eight of them side by side, a lane for each row and a
/// vector for each class. So no row sums over its lanes, none leaves lanes empty, and eight share the cost of every step.
/// </summary>
/// <remarks>
/// The lanes never meet, so a row has the same bits in whatever company. The reading and writing transpose: four classes of
/// eight rows at a time, of which the last four may overlap those before.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored: float32 or float64.</typeparam>
internal static unsafe class SoftmaxColumns<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    /// <summary>The longest row that is faster this way.</summary>
    public const int MaxClasses = 32;

    private const int Rows = VectorMath.Width, Four = 4;

    /// <summary>Stores the logits class by class, and returns their extremes.</summary>
    /// <param name="rows">Where each of the eight rows begins.</param>
    /// <param name="classes">K.</param>
    /// <param name="z">Where to.</param>
    /// <param name="max">m.</param>
    /// <returns>The least logits.</returns>
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
        return TElement.RangeOfColumns(z, classes, out max);
    }

    /// <summary>Stores e_c class by class, and returns s.</summary>
    /// <param name="z">The logits, class by class.</param>
    /// <param name="classes">K.</param>
    /// <param name="min">The least logits.</param>
    /// <param name="max">m; where it is +∞, what comes out means nothing.</param>
    /// <param name="e">Where to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector512<double> Exponentials(TElement* z, int classes, Vector512<double> min, Vector512<double> max, double* e)
    {
        var isLarge = Vector512.GreaterThan(Vector512.Abs(max), Vector512.Create(ShiftedExponential.MaxShift));
        if (isLarge.AsInt64() != Vector512<long>.Zero) return ExponentialsOfLarge(z, classes, max, isLarge, e);
        var exponential = new ShiftedExponential(max);
        var sum = new Sum();
        if (Vector512.LessThanOrEqualAll(max - min, Vector512.Create(ShiftedExponential.NormalSpan)))
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

    /// <summary>The same where some rows' largest logit is beyond the exact reduction; the others are none the wiser.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<double> ExponentialsOfLarge(TElement* z, int classes, Vector512<double> max, Vector512<double> isLarge, double* e)
    {
        var exponential = new ShiftedExponential(Vector512.AndNot(max, isLarge));
        var sum = new Sum();
        for (var end = z + classes * Rows; z < end; z += Rows, e += Rows)
        {
            var d = Dd.Difference(TElement.Load(z), max);
            var block = Vector512.ConditionalSelect(isLarge, VectorMath.Exp(d.Hi, d.Lo), exponential.Exp(TElement.Load(z)));
            block.Store(e);
            sum.Add(block);
        }
        return sum.WithoutLargest;
    }

    /// <summary>Writes scale·∂L/∂z from the exponentials, but for the true classes.</summary>
    /// <param name="e">e_c, class by class.</param>
    /// <param name="classes">K.</param>
    /// <param name="part">scale/(1 + s).</param>
    /// <param name="gradient">Where each of the eight rows goes.</param>
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

    /// <summary>
    /// Σ e_c of each lane, with the ones left out, in whose company the others would lose their digits. The terms go to two sums in
    /// turn: each is rounded half as often. The worst loss found among four million odd rows was off by 3.7 ulp, where one sum had 4.1.
    /// </summary>
    private struct Sum
    {
        private Vector512<double> _all, _below, _nextAll, _nextBelow;

        /// <summary>Σ e_c − 1; what the ones add up to is a whole number, whatever the sums have lost.</summary>
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
