using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>The bins of equal width from 0 to 1, each with exact sums over its samples.</summary>
/// <remarks>
/// Samples of weight 1 are first added in doubles, exactly: a confidence is split into a multiple of 2⁻⁴⁰ and one of 2⁻⁸² below that, so
/// that <see cref="MaxPending"/> of either have a sum of 53 bits. A confidence below 2⁻³⁰ may have more digits, as may an outcome that is
/// no multiple of 2⁻⁴⁰: such samples go to the exact sums one by one.
/// </remarks>
internal sealed class BinTable
{
    /// <summary>The samples after which the doubles go to the exact sums.</summary>
    private const int MaxPending = 4096;

    /// <summary>The samples of one pass over them.</summary>
    private const int AtOnce = 256;

    /// <summary>1.5·2¹² and 1.5·2⁻³⁰: added and subtracted again, they round to multiples of 2⁻⁴⁰ and 2⁻⁸².</summary>
    private const double ToHigh = 6144, ToLow = 1.5 / (1 << 30);

    /// <summary>The samples of one vector, and the sums of a bin: high parts, low parts, outcomes, samples.</summary>
    private const int Width = Lanes.Width;

    /// <summary>Up to so many bins, each lane has sums of its own: an addition waits for the one before to the same place.</summary>
    private const int MaxTables = 64;

    private readonly BinEdges _edges;
    private readonly BinSums[] _bins;
    private readonly double _nearEdge;
    private double[]? _pending;
    private int _count;

    /// <param name="edges">The edges of the bins.</param>
    public BinTable(BinEdges edges)
    {
        _edges = edges;
        _bins = [.. Enumerable.Range(0, edges.Count).Select(_ => new BinSums())];
        // what the product of a confidence and the number of bins, and the edge, lack at most, with much to spare
        _nearEdge = 0.5 - Math.Min(Math.ScaleB(edges.Count, -50), 0.25);
    }

    /// <summary>The number of bins.</summary>
    public int Count => _bins.Length;

    /// <summary>The sums, in the order of the bins.</summary>
    public BinSums[] Sums
    {
        get
        {
            Flush();
            return _bins;
        }
    }

    private int Stride => _bins.Length <= MaxTables ? _bins.Length * Width : 0;

    /// <summary>Adds a sample.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(double weight, double confidence, double outcome) =>
        _bins[_edges.Find(confidence)].Add(weight, confidence, outcome);

    /// <summary>Adds samples of weight 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<double> confidences, ReadOnlySpan<double> outcomes)
    {
        while (confidences.Length >= Width)
        {
            if (_count == MaxPending) Flush();
            var count = Math.Min(Math.Min(confidences.Length & -Width, AtOnce), MaxPending - _count);
            _pending ??= new double[Math.Max(Width * Stride, _bins.Length * Width)];
            AddVectors(confidences[..count], outcomes[..count]);
            _count += count;
            confidences = confidences[count..];
            outcomes = outcomes[count..];
        }
        for (var i = 0; i < confidences.Length; i++) Add(1, confidences[i], outcomes[i]);
    }

    /// <summary>Adds the samples of another with as many bins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(BinTable other)
    {
        var sums = other.Sums;
        for (var i = 0; i < _bins.Length; i++)
            if (sums[i].Samples > 0) _bins[i].Add(sums[i]);
    }

    /// <summary>Adds whole vectors of samples, at most <see cref="AtOnce"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void AddVectors(ReadOnlySpan<double> confidences, ReadOnlySpan<double> outcomes)
    {
        ref var first = ref MemoryMarshal.GetReference(confidences);
        ref var firstOutcome = ref MemoryMarshal.GetReference(outcomes);
        ref var pending = ref MemoryMarshal.GetArrayDataReference(_pending!);
        var (count, last) = (Vector256.Create((double)_bins.Length), Vector256.Create(_bins.Length - 1.0));
        var (half, nearEdge) = (Vector256.Create(0.5), Vector256.Create(_nearEdge));
        var (middle, inner) = (count * half, (count - Vector256<double>.One) * half);
        var (toHigh, toLow) = (Vector256.Create(ToHigh), Vector256.Create(ToLow));
        // an integer below 2⁵² is in the low bits of its sum with that
        var tables = Vector256.Create(4503599627370496.0) + Vector256.Create(0.0, 1, 2, 3) * Vector256.Create((double)Stride);
        var width = Vector256.Create((double)Width);
        Span<long> places = stackalloc long[Width];
        // set aside: a call in the loop would spill what is in registers
        Span<int> unfit = stackalloc int[AtOnce / Width];
        var unfitCount = 0;
        for (var i = 0; i < confidences.Length; i += Width)
        {
            var confidence = Vector256.LoadUnsafe(ref first, (nuint)i);
            var outcome = Vector256.LoadUnsafe(ref firstOutcome, (nuint)i);
            var scaled = confidence * count;
            var floor = Vector256.Floor(scaled);
            // between the first and the last edge, a confidence near an edge is compared with it
            var isUnfit = Vector256.GreaterThan(Vector256.Abs(scaled - floor - half), nearEdge)
                & Vector256.LessThan(Vector256.Abs(scaled - middle), inner);
            var high = confidence + toHigh - toHigh;
            var rest = confidence - high;
            var low = rest + toLow - toLow;
            isUnfit |= ~(Vector256.Equals(rest, low) & Vector256.Equals(outcome + toHigh - toHigh, outcome));
            if (isUnfit.ExtractMostSignificantBits() != 0)
            {
                unfit[unfitCount++] = i;
                continue;
            }
            var bin = Vector256.MaxNative(Vector256.MinNative(floor, last), Vector256<double>.Zero);
            Vector256.FusedMultiplyAdd(bin, width, tables).AsInt64().StoreUnsafe(ref places[0]);
            var one = Vector256<double>.One;
            Lanes.Transpose(ref high, ref low, ref outcome, ref one);
            Add(ref Unsafe.Add(ref pending, (uint)places[0]), high);
            Add(ref Unsafe.Add(ref pending, (uint)places[1]), low);
            Add(ref Unsafe.Add(ref pending, (uint)places[2]), outcome);
            Add(ref Unsafe.Add(ref pending, (uint)places[3]), one);
        }
        foreach (var i in unfit[..unfitCount])
            for (var j = i; j < i + Width; j++) Add(1, confidences[j], outcomes[j]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Add(ref double sums, Vector256<double> sample) =>
        (Vector256.LoadUnsafe(ref sums) + sample).StoreUnsafe(ref sums);

    /// <summary>Moves what is pending to the exact sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Flush()
    {
        if (_count == 0) return;
        _count = 0;
        // all tables together have no more samples than one may have, so that their sums are exact, too
        for (var i = 0; i < _bins.Length; i++)
        {
            var sums = Vector256<double>.Zero;
            for (var table = i * Width; table < _pending!.Length; table += _bins.Length * Width)
                sums += Vector256.LoadUnsafe(in _pending[table]);
            if (sums[3] == 0) continue;
            var bin = _bins[i];
            bin.Samples += (long)sums[3];
            bin.Weight.Add(sums[3]);
            bin.Confidence.Add(sums[0]);
            bin.Confidence.Add(sums[1]);
            bin.Outcome.Add(sums[2]);
        }
        Array.Clear(_pending!);
    }
}
