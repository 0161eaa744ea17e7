using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Kernels;

/// <summary>
/// Rows of an overlap, four at a time as <see cref="SoftmaxColumns{TElement}"/> has them: the sums with 62 bits and more, as the loss is a
/// power of their ratio; narrow gradients in double.
/// </summary>
/// <remarks>
/// Terms of a sum are never negative, and 1 − p of the largest class is the sum of the others: nothing cancels. The gradient of a softmax
/// is p_c·(v_c − Σ p_i·v_i) with v the derivatives by p; that of the largest class is subtracted from all v first, so that Σp = 1 takes no
/// digits, and where what is left of a difference is small, the row is lost.
/// </remarks>
/// <typeparam name="TElement">How the logits are stored.</typeparam>
/// <typeparam name="TColumn">How the columns keep them: the same, or float32 for those of 16 bits.</typeparam>
internal sealed unsafe partial class OverlapKernel<TElement, TColumn> : IOverlapRows
    where TElement : unmanaged, IStoredFloat<TElement> where TColumn : unmanaged, IStoredFloat<TColumn>
{
    private const int Width = Lanes.Width;

    /// <summary>
    /// The columns of a class: logits, as they are kept and as doubles; targets; two parts of p, of 1 − p, of the three sums and of the two
    /// derivatives.
    /// </summary>
    private const int Columns = 17;

    /// <summary>The numbers that the rows have once, for as many lanes as there may be.</summary>
    private const int Shared = 6 * Lanes.Most;

    private readonly int _classes, _padded;
    private readonly double _temperature;
    private readonly bool _isSigmoid;
    private readonly ExponentialScale _scale;
    private readonly NativeBuffer _memory;
    private readonly double* _kept, _z, _t, _p, _pLow, _q, _qLow, _sums, _outside, _outsideLow, _inside, _insideLow;
    private readonly double* _weights, _max, _factor, _factorLow, _rest, _restLow, _targets;

    /// <summary>Prepares for rows.</summary>
    /// <param name="classes">K.</param>
    /// <param name="temperature">T.</param>
    /// <param name="isSigmoid">Whether p = σ(z/T), else softmax(z/T).</param>
    /// <param name="budget">What the memory is taken from.</param>
    public OverlapKernel(int classes, double temperature, bool isSigmoid, MemoryBudget? budget)
    {
        (_classes, _padded, _temperature, _isSigmoid) = (classes, Lanes.Padded(classes), temperature, isSigmoid);
        _scale = new(temperature);
        _memory = new((nuint)CountBytes(classes), budget);
        var at = (double*)_memory.Address;
        var column = Width * classes;
        _kept = Take(column);
        _z = Take(column);
        _t = Take(column);
        _p = Take(column);
        _pLow = Take(column);
        _q = Take(column);
        _qLow = Take(column);
        _sums = Take(6 * column);
        _outside = Take(column);
        _outsideLow = Take(column);
        _inside = Take(column);
        _insideLow = Take(column);
        _weights = Take(Lanes.Most);
        _max = Take(Lanes.Most);
        _factor = Take(Lanes.Most);
        _factorLow = Take(Lanes.Most);
        _rest = Take(Lanes.Most);
        _restLow = Take(Lanes.Most);
        _targets = Take(Width * _padded);
        // float32 is as its columns are kept, float64 as doubles
        if (typeof(TColumn) == typeof(StoredFloat64)) _kept = _z;
        Clear();

        double* Take(int count)
        {
            var taken = at;
            at += count;
            return taken;
        }
    }

    private double* TruePositives => _sums;

    private double* FalsePositives => _sums + 2 * Width * _classes;

    private double* FalseNegatives => _sums + 4 * Width * _classes;

    /// <summary>The bytes of one.</summary>
    public static long CountBytes(int classes) =>
        sizeof(double) * ((long)Columns * Width * classes + Shared + (long)Width * Lanes.Padded(classes));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Span<double> Target(int lane) => new(_targets + lane * _padded, _padded);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Add(Tensor predictions, in OverlapBlock block)
    {
        if (!Read(predictions, block, out _, out var max)) return false;
        Repeat(block.Weights & block.IsKept, _weights);
        FindProbabilities(max);
        AddTerms<WideDouble>(Lanes.HasMost ? AddTerms<WideEight>(0) : 0);
        return true;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Drain(NumberRow<Dd> truePositives, NumberRow<Dd> falsePositives, NumberRow<Dd> falseNegatives)
    {
        for (var c = 0; c < _classes; c++)
        {
            truePositives.SetOne(c, truePositives.Broadcast(c) + Sum(TruePositives, c));
            falsePositives.SetOne(c, falsePositives.Broadcast(c) + Sum(FalsePositives, c));
            falseNegatives.SetOne(c, falseNegatives.Broadcast(c) + Sum(FalseNegatives, c));
        }
        Clear();

        Dd Sum(double* sums, int c) =>
            Dd.SumOfLanes(Dd.Sum(Vector256.Load(sums + c * Width), Vector256.Load(sums + (_classes + c) * Width)));
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Clear() => new Span<double>(_sums, 6 * Width * _classes).Clear();

    /// <summary>Adds w·p·t, w·p·(1 − t) and w·(1 − p)·t from a class on, and returns the first that is left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int AddTerms<TWide>(int c) where TWide : struct, IWideNumbers<TWide>
    {
        var step = TWide.Count / Width;
        var weight = TWide.Load(ref *_weights);
        for (; c <= _classes - step; c += step)
        {
            var at = c * Width;
            var t = TWide.Load(ref _t[at]);
            var (p, q) = (TWide.Load(ref _p[at], ref _pLow[at]), TWide.Load(ref _q[at], ref _qLow[at]));
            var inside = weight * t;
            AddTo(TruePositives, at, p * inside);
            AddTo(FalsePositives, at, p * (weight * (TWide.One - t)));
            AddTo(FalseNegatives, at, q * inside);
        }
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddTo<TWide>(double* sums, int at, TWide term) where TWide : struct, IWideNumbers<TWide>
    {
        ref var low = ref sums[Width * _classes + at];
        (TWide.Load(ref sums[at], ref low) + term).StoreParts(ref sums[at], ref low);
    }

    /// <summary>Reads the logits and targets of four rows.</summary>
    /// <returns>Whether all probabilities are normal numbers.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Read(Tensor predictions, in OverlapBlock block, out Vector256<double> min, out Vector256<double> max)
    {
        var rows = stackalloc TElement*[Width];
        Locate(predictions, block, rows);
        min = SoftmaxColumns<TColumn>.Read(rows, _classes, (TColumn*)_kept, out max);
        var span = _isSigmoid ? Vector256.Max(Vector256.Abs(min), Vector256.Abs(max)) : max - min;
        if (!Vector256.LessThanAll(span, Vector256.Create(ShiftedExponential.NormalSpan * _temperature))) return false;
        if (typeof(TColumn) != typeof(StoredFloat64))
            for (var c = 0; c < Width * _classes; c += Width) TColumn.Load((TColumn*)_kept + c).Store(_z + c);
        ReadTargets(block);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadTargets(in OverlapBlock block)
    {
        if (block.AreRows)
        {
            var targets = stackalloc StoredFloat64*[Width];
            for (var lane = 0; lane < Width; lane++) targets[lane] = (StoredFloat64*)(_targets + lane * _padded);
            SoftmaxColumns<StoredFloat64>.Read(targets, _classes, (StoredFloat64*)_t);
            return;
        }
        new Span<double>(_t, Width * _classes).Clear();
        for (var lane = 0; lane < Width; lane++) _t[block.Classes[lane] * Width + lane] = 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Locate(Tensor tensor, in OverlapBlock block, TElement** rows)
    {
        for (var lane = 0; lane < Width; lane++) rows[lane] = (TElement*)tensor.Data + block.Rows[lane] * _classes;
    }

    /// <summary>Writes four lanes as often as the most lanes need.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Repeat(Vector256<double> four, double* to)
    {
        four.Store(to);
        four.Store(to + Width);
    }
}
