using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// What Σ_c (p_c − t_c)² of a row with one true class needs beside the softmax kernel's loops: the sum of the squares of the other
/// exponentials, and a gradient with a part of each square.
/// </summary>
/// <remarks>The true class has 0 in the place of its exponential; its element of the gradient is written elsewhere.</remarks>
/// <typeparam name="TElement">How the logits are stored.</typeparam>
internal static unsafe class SquaredErrors<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    /// <summary>The additions after which a sum goes into a double-double: a long sum would lose digits.</summary>
    private const int Run = 16;

    /// <summary>Σ e_c² of a row.</summary>
    /// <param name="e">The exponentials, padded with zeros.</param>
    /// <param name="classes">K.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(double* e, int classes)
    {
        var (total, run, padded) = (Dd.Zero, Vector256<double>.Zero, Lanes.Padded(classes));
        var done = Lanes.HasMost ? Sum<PlainEight>(e, 0, padded, ref total, ref run) : 0;
        Sum<PlainDouble>(e, done, padded, ref total, ref run);
        return Dd.SumOfLanes(total + run).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Sum<TNumber>(double* e, int start, int padded, ref Dd total, ref Vector256<double> run)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (whole, part, c) = (total, run, start);
        for (; c <= padded - TNumber.Count; c += TNumber.Count)
        {
            part = TNumber.Add(part, TNumber.Square(TNumber.Load(ref e[c])));
            if (((c + TNumber.Count) & (Run * Lanes.Width - 1)) != 0) continue;
            whole += part;
            part = Vector256<double>.Zero;
        }
        (total, run) = (whole, part);
        return c;
    }

    /// <summary>Σ e_c² of four rows.</summary>
    /// <param name="e">The exponentials, class by class.</param>
    /// <param name="classes">K.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> SumColumns(double* e, int classes)
    {
        var sum = Vector256<double>.Zero;
        for (var c = 0; c < classes * Lanes.Width; c += Lanes.Width)
        {
            var column = Vector256.Load(e + c);
            sum = Vector256.FusedMultiplyAdd(column, column, sum);
        }
        return sum;
    }

    /// <summary>Writes e_c·part − e_c²·shift of a row.</summary>
    /// <param name="e">The exponentials, padded with zeros.</param>
    /// <param name="classes">K.</param>
    /// <param name="part">The factor of e_c.</param>
    /// <param name="partSize">The size of what it was computed from.</param>
    /// <param name="shift">The factor of e_c².</param>
    /// <param name="gradient">Receives the derivatives.</param>
    /// <returns>Whether each has the digits of a float32: none is much smaller than what it was computed from.</returns>
    public static bool WriteGradient(double* e, int classes, double part, double partSize, double shift, TElement* gradient)
    {
        var hasDigits = true;
        var done = Lanes.HasMost ? WriteGradient<PlainEight>(e, 0, classes, part, partSize, shift, gradient, ref hasDigits) : 0;
        WriteGradient<PlainDouble>(e, done, classes, part, partSize, shift, gradient, ref hasDigits);
        return hasDigits;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int WriteGradient<TNumber>(double* e, int start, int classes, double part, double partSize, double shift,
        TElement* gradient, ref bool hasDigits) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (factor, size, bend) = (TNumber.Of(part), TNumber.Of(partSize), TNumber.Of(-shift));
        var lacks = TNumber.Zero;
        var last = stackalloc TElement[TNumber.Count];
        // the last classes are padded; in eight lanes they might not be
        var end = TNumber.Count == Lanes.Width ? classes : classes & -TNumber.Count;
        var c = start;
        for (; c < end; c += TNumber.Count)
        {
            var exponential = TNumber.Load(ref e[c]);
            var g = Combine(exponential, factor, size, bend, ref lacks);
            var rest = classes - c;
            g.Store(rest < TNumber.Count ? last : gradient + c);
            if (rest < TNumber.Count) new Span<TElement>(last, rest).CopyTo(new(gradient + c, rest));
        }
        hasDigits &= TNumber.GetBits(lacks) == 0;
        return c;
    }

    /// <summary>Replaces the exponentials of four rows by e_c·part − e_c²·shift.</summary>
    /// <param name="e">The exponentials, class by class.</param>
    /// <param name="classes">K.</param>
    /// <param name="part">The factors of e_c.</param>
    /// <param name="partSize">The sizes of what they were computed from.</param>
    /// <param name="shift">The factors of e_c².</param>
    /// <returns>The rows where a result may lack digits of a float32.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static Vector256<double> CombineColumns(
        double* e, int classes, Vector256<double> part, Vector256<double> partSize, Vector256<double> shift)
    {
        var (factor, size, bend) = (PlainDouble.Of(part), PlainDouble.Of(partSize), PlainDouble.Of(-shift));
        var lacks = PlainDouble.Zero;
        for (var c = 0; c < classes * Lanes.Width; c += Lanes.Width)
            Combine(PlainDouble.Load(ref e[c]), factor, size, bend, ref lacks).StoreNearest(ref e[c]);
        return lacks.Round();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Combine<TNumber>(TNumber e, TNumber part, TNumber partSize, TNumber bend, ref TNumber lacks)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var factor = TNumber.FusedMultiplyAdd(e, bend, part);
        var size = TNumber.FusedMultiplyAdd(e, TNumber.Abs(bend), partSize) * TNumber.Of(SoftmaxKernel<TElement>.LeastPart);
        // an element is 0 where its exponential is, whatever the factor is
        lacks |= TNumber.LessThan(TNumber.Abs(factor), size) & ~e.IsZero;
        return factor * e;
    }
}
