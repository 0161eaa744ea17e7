using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Kernels;

/// <summary>
/// KL(t‖p) of a row where t is a softmax of logits, too, u, at the same temperature: where the two are near, the difference of
/// cross-entropy and entropy has no digits left.
/// </summary>
/// <remarks>
/// With y_c = ((u_c − z_c) − μ)/T for any number μ, ν = Σ t·y and G = Σ t·(e^−y − 1 + y), whose terms are not negative:
/// Σ t·e^−y = 1 + G − ν is a multiple of Σp over the classes with t, so D = ν + ln(1 + w) − ln(Σp) with w = G − ν, and ν + ln(1 + w) =
/// G − (w − ln(1 + w)). With μ near the mean of u − z no digits cancel in any of them.
/// </remarks>
internal sealed unsafe class TeacherDivergence<TElement> where TElement : unmanaged, IStoredFloat<TElement>
{
    private const int Width = Lanes.Width;

    /// <summary>The classes after which a sum goes into a double-double: a long sum would lose digits.</summary>
    private const int Run = 32 * Width;

    /// <summary>The |y| up to which the excess is that of y/8, doubled three times.</summary>
    private const double Near = 4;

    /// <summary>The w up to which D is found as G less a smaller number.</summary>
    private const double SmallExcess = 0.5;

    /// <summary>The largest part of p in classes without t: a logarithm of less than the half would lack digits.</summary>
    private const double LargestOutside = 0.25;

    private readonly TElement* _logits, _teacher;
    private readonly int _classes;
    private readonly SoftmaxLoss _loss;

    private TeacherDivergence(Batch batch, SoftmaxLoss loss)
    {
        _logits = (TElement*)batch.Predictions.Data;
        _teacher = (TElement*)batch.Labels!.Data;
        (_classes, _loss) = (batch.Predictions.Shape.Last, loss);
    }

    /// <summary>Prepares for a batch; null where it has no teacher of the same dtype and temperature, or another loss.</summary>
    public static TeacherDivergence<TElement>? Create(Batch batch, SoftmaxLoss loss) =>
        loss.SubtractsEntropy && loss.Bias.Length == 0 && batch.LabelForm == TargetForm.Logits && batch.LabelTemperature == loss.Temperature
        && batch.Labels!.DType == batch.Predictions.DType ? new(batch, loss) : null;

    /// <summary>D of a row; NaN where it may lack digits.</summary>
    /// <param name="rows">The block.</param>
    /// <param name="i">The row's place in it.</param>
    /// <param name="t">The row's target, padded with zeros.</param>
    /// <param name="e">Its exponentials, padded.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Find(SoftmaxScratch rows, int i, double* t, double* e)
    {
        var start = rows.Index[i] * _classes;
        return Find(_logits + start, _teacher + start, rows.Max[i], t, e, rows.Rest[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Find(TElement* z, TElement* u, double max, double* t, double* e, double others)
    {
        var row = new Row(z, u, t, e)
        {
            Max = max,
            Largest = TElement.FindMinMax(u, _classes).Max,
            Temperature = _loss.Temperature,
        };
        row.Shift = FindMean(row);
        var sums = default(Sums);
        var done = Lanes.HasMost ? AddUp<PlainEight>(row, 0, ref sums) : 0;
        done = AddUp<PlainDouble>(row, done, ref sums);
        if (done < _classes) Add(row, LoadLast(row), done, ref sums);
        var (excess, moved) = (Dd.SumOfLanes(sums.Excess + sums.ExcessOfRun), Dd.SumOfLanes(sums.Moved + sums.MovedOfRun));
        var unlabelled = Vector256.Sum(sums.Outside) / (1 + others);
        if (!(unlabelled <= LargestOutside)) return double.NaN;
        var w = excess - moved;
        var value = w.ToScalar() < SmallExcess ? excess - Compare(w.Round()) : moved + VectorMath.Log1p(w.Round());
        return (value - VectorMath.Log1p(Vector256.Create(-unlabelled))).ToScalar();
    }

    /// <summary>w − ln(1 + w).</summary>
    private static Vector256<double> Compare(Vector256<double> w) =>
        VectorRatio.Compare(Vector256<double>.One, Vector256<double>.One + w, w, out _, out _);

    /// <summary>Adds the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int AddUp<TNumber>(in Row row, int start, ref Sums sums) where TNumber : struct, IPlainNumbers<TNumber>
    {
        // sums in locals stay in registers
        var (own, local, c) = (row, sums, start);
        for (; c <= _classes - TNumber.Count; c += TNumber.Count)
        {
            Add(own, own.FindGap(TNumber.Load(own.Z + c), TNumber.Load(own.U + c)), c, ref local);
            if ((c & (Run - 1)) != Run - TNumber.Count) continue;
            local.Excess += local.ExcessOfRun;
            local.Moved += local.MovedOfRun;
            local.ExcessOfRun = local.MovedOfRun = Vector256<double>.Zero;
        }
        sums = local;
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TNumber>(in Row row, TNumber gap, int c, ref Sums sums) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var target = TNumber.Load(ref row.T[c]);
        var isOutside = target.IsZero;
        var y = TNumber.Select(isOutside, TNumber.Zero, gap - TNumber.Of(row.Shift));
        if (row.Temperature != 1) y /= TNumber.Of(row.Temperature);
        var each = FindNear(y);
        var isFar = TNumber.LessThan(TNumber.Of(Near), TNumber.Abs(y));
        if (TNumber.GetBits(isFar) != 0) each = TNumber.Select(isFar, FindFar(gap, row), each);
        sums.ExcessOfRun = TNumber.Add(sums.ExcessOfRun, target * each);
        sums.MovedOfRun = TNumber.Add(sums.MovedOfRun, target * y);
        sums.Outside = TNumber.Add(sums.Outside, TNumber.Select(isOutside, TNumber.Load(ref row.E[c]), TNumber.Zero));
    }

    /// <summary>Σ t·gap: any number near it will do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double FindMean(in Row row)
    {
        var sum = Vector256<double>.Zero;
        var done = Lanes.HasMost ? AddGaps<PlainEight>(row, 0, ref sum) : 0;
        done = AddGaps<PlainDouble>(row, done, ref sum);
        if (done < _classes) sum = PlainDouble.Add(sum, Weigh(row, LoadLast(row), done));
        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int AddGaps<TNumber>(in Row row, int start, ref Vector256<double> sum) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (own, total, c) = (row, sum, start);
        for (; c <= _classes - TNumber.Count; c += TNumber.Count)
            total = TNumber.Add(total, Weigh(own, own.FindGap(TNumber.Load(own.Z + c), TNumber.Load(own.U + c)), c));
        sum = total;
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Weigh<TNumber>(in Row row, TNumber gap, int c) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var target = TNumber.Load(ref row.T[c]);
        return TNumber.Select(target.IsZero, TNumber.Zero, target * gap);
    }

    /// <summary>The gaps of the last classes, which are fewer than a vector has; after the row's end, where t is 0, any numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private PlainDouble LoadLast(in Row row)
    {
        var (whole, rest) = (_classes & -Width, _classes % Width);
        var (z, u) = (SoftmaxKernel<TElement>.Load(row.Z + whole, rest), SoftmaxKernel<TElement>.Load(row.U + whole, rest));
        return row.FindGap(PlainDouble.Of(z), PlainDouble.Of(u));
    }

    /// <summary>g(y) = e^−y − 1 + y for y = (gap − shift)/T; the error of a rounded y would be that of e^−y times y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber FindFar<TNumber>(TNumber gap, in Row row) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var shift = TNumber.Of(row.Shift);
        var y = gap - shift;
        var moved = y - gap;
        var rest = (gap - (y - moved)) - (shift + moved);
        if (row.Temperature != 1)
        {
            var temperature = TNumber.Of(row.Temperature);
            var quotient = y / temperature;
            rest = (TNumber.FusedMultiplyAdd(-quotient, temperature, y) + rest) / temperature;
            y = quotient;
        }
        return TNumber.ExpOfSum(-y, -rest) - (TNumber.One - y);
    }

    /// <summary>
    /// g(y) of |y| up to <see cref="Near"/>, by the series of g(h), and g(2h) = (h − g(h))² + 2·g(h), whose terms are not
    /// negative.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber FindNear<TNumber>(TNumber y) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var n = y * TNumber.Of(-0.125);
        // Σ n^k/(k + 2)! up to k = 13, the even and the odd k by themselves; the next term is 2⁻⁵⁷ of the first
        var n2 = n * n;
        var even = TNumber.FusedMultiplyAdd(n2, TNumber.Of(1 / 87178291200.0), TNumber.Of(1 / 479001600.0));
        var odd = TNumber.FusedMultiplyAdd(n2, TNumber.Of(1 / 1307674368000.0), TNumber.Of(1 / 6227020800.0));
        even = TNumber.FusedMultiplyAdd(n2, even, TNumber.Of(1 / 3628800.0));
        odd = TNumber.FusedMultiplyAdd(n2, odd, TNumber.Of(1 / 39916800.0));
        even = TNumber.FusedMultiplyAdd(n2, even, TNumber.Of(1 / 40320.0));
        odd = TNumber.FusedMultiplyAdd(n2, odd, TNumber.Of(1 / 362880.0));
        even = TNumber.FusedMultiplyAdd(n2, even, TNumber.Of(1 / 720.0));
        odd = TNumber.FusedMultiplyAdd(n2, odd, TNumber.Of(1 / 5040.0));
        even = TNumber.FusedMultiplyAdd(n2, even, TNumber.Of(1 / 24.0));
        odd = TNumber.FusedMultiplyAdd(n2, odd, TNumber.Of(1 / 120.0));
        even = TNumber.FusedMultiplyAdd(n2, even, TNumber.Of(0.5));
        odd = TNumber.FusedMultiplyAdd(n2, odd, TNumber.Of(1 / 6.0));
        var (excess, h) = (n2 * TNumber.FusedMultiplyAdd(n, odd, even), -n);
        return Double(Double(Double(excess, ref h), ref h), ref h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TNumber Double<TNumber>(TNumber excess, ref TNumber h) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var less = h - excess;
        h += h;
        return TNumber.FusedMultiplyAdd(less, less, excess + excess);
    }

    /// <summary>A row, what is shared by its classes, and the gap (u − max u) − (z − max z).</summary>
    private struct Row(TElement* z, TElement* u, double* t, double* e)
    {
        public readonly TElement* Z = z, U = u;
        public readonly double* T = t, E = e;
        public double Max, Largest, Temperature, Shift;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TNumber FindGap<TNumber>(TNumber z, TNumber u) where TNumber : struct, IPlainNumbers<TNumber> =>
            (u - TNumber.Of(Largest)) - (z - TNumber.Of(Max));
    }

    private struct Sums
    {
        public Dd Excess, Moved;
        public Vector256<double> ExcessOfRun, MovedOfRun, Outside;
    }
}
