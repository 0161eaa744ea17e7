using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <summary>As <see cref="PlainCumulation"/>, of rows of few classes: four side by side, with a lane for each.</summary>
internal static unsafe class ColumnCumulation
{
    /// <summary>The values, and u_c of each class with what it is made of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void AddUp(in ColumnBlock rows)
    {
        for (var i = 0; i < rows.Count; i += ColumnBlock.Rows)
        {
            var classes = rows.Classes(i);
            var label = Vector256.Create((double)rows.Label[i], rows.Label[i + 1], rows.Label[i + 2], rows.Label[i + 3]);
            var largest = SumBefore(classes, rows.Softmax(i).Spread<PlainDouble>(isExact: true));
            var value = SumAfter(classes, label, largest, out var error);
            value.Store(rows.Even(0) + i);
            error.Store(rows.Even(1) + i);
            Vector256<double>.Zero.Store(rows.Even(2) + i);
            Differentiate(classes, largest, out var size).Store(rows.Even(3) + i);
            size.Store(rows.Even(4) + i);
            for (var sum = 0; sum < ColumnBlock.CountSums; sum++) Vector256<double>.Zero.Store(rows.Odd(sum) + i);
        }
    }

    /// <summary>
    /// Puts p in the place of the derivatives and Σ_{c≤k} p_c in that of the sizes; finds the first class with the largest p.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<double> SumBefore(in PlainClasses classes, in SoftmaxLanes<PlainDouble> softmax)
    {
        var (sum, error, own) = (Vector256<double>.Zero, Vector256<double>.Zero, softmax);
        for (var c = 0; c < classes.Count; c += Lanes.Width)
        {
            var p = own.GetP(PlainDouble.Load(in classes.Exponentials[c])).Round();
            p.Store(classes.Derivatives + c);
            Add(ref sum, ref error, p).Store(classes.Sizes + c);
        }
        var largest = Vector256<double>.Zero;
        for (var c = classes.Count - Lanes.Width; c >= 0; c -= Lanes.Width)
        {
            var isLargest = Vector256.Equals(Vector256.Load(classes.Exponentials + c), Vector256<double>.One);
            largest = Lanes.Select(isLargest, Vector256.Create((double)(c / Lanes.Width)), largest);
        }
        return largest;
    }

    /// <summary>Puts D_k in the place of the sizes, and returns Σ D_k².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<double> SumAfter(
        in PlainClasses classes, Vector256<double> label, Vector256<double> largest, out Vector256<double> valueError)
    {
        Vector256<double> value = default, sum = default, error = default;
        valueError = default;
        // after the last class there is nothing
        Vector256<double>.Zero.Store(classes.Sizes + classes.Count - Lanes.Width);
        for (var c = classes.Count - 2 * Lanes.Width; c >= 0; c -= Lanes.Width)
        {
            var after = Add(ref sum, ref error, Vector256.Load(classes.Derivatives + c + Lanes.Width));
            var isBefore = Vector256.LessThan(Vector256.Create((double)(c / Lanes.Width)), label);
            var gap = Lanes.Select(isBefore, Vector256.Load(classes.Sizes + c), -after);
            gap.Store(classes.Sizes + c);
            Add(ref value, ref valueError, gap * gap);
        }
        return value;
    }

    /// <summary>
    /// p_c·(v_c − v of the largest class) with v_c = 2·Σ_{k≥c} D_k, and the sum of the magnitudes that it is made of, in the places of p
    /// and D; returns their sums.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<double> Differentiate(in PlainClasses classes, Vector256<double> largest, out Vector256<double> allSizes)
    {
        Vector256<double> slope = default, error = default, size = default, all = default, last = default;
        allSizes = default;
        // from the largest class on
        for (var c = 0; c < classes.Count; c += Lanes.Width)
        {
            var isAfter = Vector256.LessThan(largest, Vector256.Create((double)(c / Lanes.Width)));
            var gap = isAfter & last;
            last = Vector256.Load(classes.Sizes + c);
            last += last;
            var rising = Add(ref slope, ref error, -gap);
            size += Vector256.Abs(gap);
            var p = Vector256.Load(classes.Derivatives + c);
            var (u, uSize) = (p * rising, p * size);
            Lanes.Select(isAfter, u, p).Store(classes.Derivatives + c);
            Lanes.Select(isAfter, uSize, last).Store(classes.Sizes + c);
            all += isAfter & u;
            allSizes += isAfter & uSize;
        }
        (slope, error, size) = (default, default, default);
        // and down to the first
        for (var c = classes.Count - Lanes.Width; c >= 0; c -= Lanes.Width)
        {
            var number = Vector256.Create((double)(c / Lanes.Width));
            var isBefore = Vector256.LessThan(number, largest);
            var isAfter = Vector256.LessThan(largest, number);
            var (first, second) = (Vector256.Load(classes.Derivatives + c), Vector256.Load(classes.Sizes + c));
            var gap = isBefore & second;
            var falling = Add(ref slope, ref error, gap);
            size += Vector256.Abs(gap);
            var (u, uSize) = (first * falling, first * size);
            // the largest itself has 0
            Lanes.Select(isAfter, first, isBefore & u).Store(classes.Derivatives + c);
            Lanes.Select(isAfter, second, isBefore & uSize).Store(classes.Sizes + c);
            all += isBefore & u;
            allSizes += isBefore & uSize;
        }
        return all;
    }

    /// <summary>Adds numbers to a sum that carries what rounding takes from it; returns the nearest doubles to that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Add(ref Vector256<double> sum, ref Vector256<double> error, Vector256<double> x)
    {
        var next = sum + x;
        var added = next - sum;
        error += (sum - (next - added)) + (x - added);
        sum = next;
        return next + error;
    }
}
