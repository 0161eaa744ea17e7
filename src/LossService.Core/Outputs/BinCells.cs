using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>
/// The samples of each bin by their outcome, 0 or 1, as sums of integers: eight samples at a time, on processors with AVX-512.
/// </summary>
/// <remarks>
/// A confidence is a multiple of 2⁻⁴⁰ from 0 to 1 and one of 2⁻⁸² below that. The first is in the low 52 bits of an integer that also
/// counts the sample above them, the second is an integer of its own: an addition of 128 bits for each sample.
/// </remarks>
internal sealed unsafe class BinCells
{
    /// <summary>The samples of which sums are exact.</summary>
    public const int MaxPending = 2048;

    /// <summary>The samples of one vector.</summary>
    public const int Width = Lanes.Most;

    private const int CountShift = 52;

    /// <summary>Up to so many bins, each lane has cells of its own: an addition waits for the one before to the same place.</summary>
    private const int MaxTables = 64;

    private readonly int _bins;
    private readonly double _nearEdge;
    private readonly int _length;
    private readonly long* _cells;

    // pinned, and kept from collection by this reference
    private readonly long[] _memory;

    /// <param name="bins">The number of bins.</param>
    /// <param name="nearEdge">How far from the middle of a bin a confidence in units of bins may be near an edge.</param>
    public BinCells(int bins, double nearEdge)
    {
        (_bins, _nearEdge) = (bins, nearEdge);
        _length = bins <= MaxTables ? Width * Size : Size;
        _memory = GC.AllocateArray<long>(_length + Width, pinned: true);
        fixed (long* start = _memory) _cells = Align(start);
    }

    /// <summary>The samples since the last <see cref="Flush"/>.</summary>
    public int Count { get; private set; }

    // two outcomes, two integers
    private int Size => 4 * _bins;

    /// <summary>Whether all outcomes, which are whole vectors, are 0 or 1.</summary>
    public static bool Takes(ReadOnlySpan<double> outcomes)
    {
        ref var first = ref MemoryMarshal.GetReference(outcomes);
        var others = Vector512<double>.Zero;
        for (var i = 0; i < outcomes.Length; i += Width)
        {
            var outcome = Vector512.LoadUnsafe(ref first, (nuint)i);
            others |= ~Vector512.Equals(outcome * outcome, outcome);
        }
        return Vector512.EqualsAll(others.AsInt64(), Vector512<long>.Zero);
    }

    /// <summary>Adds whole vectors of samples of weight 1.</summary>
    /// <param name="confidences">The confidences.</param>
    /// <param name="outcomes">The outcomes, each 0 or 1.</param>
    /// <param name="unfit">
    /// Receives the places of the vectors that are to be added one by one: a sample is near an edge, or has more digits.
    /// </param>
    /// <returns>The number of those vectors.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public int Add(ReadOnlySpan<double> confidences, ReadOnlySpan<double> outcomes, Span<int> unfit)
    {
        ref var first = ref MemoryMarshal.GetReference(confidences);
        ref var firstOutcome = ref MemoryMarshal.GetReference(outcomes);
        var (count, last) = (Vector512.Create((double)_bins), Vector512.Create(_bins - 1.0));
        var (half, nearEdge) = (Vector512.Create(0.5), Vector512.Create(_nearEdge));
        var (middle, inner) = (count * half, (count - Vector512<double>.One) * half);
        var (toHigh, toLow) = (Vector512.Create(BinTable.ToHigh), Vector512.Create(BinTable.ToLow));
        // an integer below 2⁵² is in the low bits of its sum with that
        var tables = Vector512.Create(4503599627370496.0)
            + Vector512.Create(0.0, 1, 2, 3, 4, 5, 6, 7) * Vector512.Create(_length == Size ? 0.0 : Size);
        var fromHigh = toHigh.AsInt64() - Vector512.Create(1L << CountShift);
        // a vector that crosses cache lines is slow to be read again
        var memory = stackalloc long[4 * Width];
        var places = Align(memory);
        long* cells = _cells, samples = places + Width;
        var unfitCount = 0;
        for (var i = 0; i < confidences.Length; i += Width)
        {
            var confidence = Vector512.LoadUnsafe(ref first, (nuint)i);
            var scaled = confidence * count;
            var floor = Vector512.Floor(scaled);
            // between the first and the last edge, a confidence near an edge is compared with it
            var isUnfit = Vector512.GreaterThan(Vector512.Abs(scaled - floor - half), nearEdge)
                & Vector512.LessThan(Vector512.Abs(scaled - middle), inner);
            var high = confidence + toHigh;
            var rest = confidence - (high - toHigh);
            var low = rest + toLow;
            isUnfit |= ~Vector512.Equals(low - toLow, rest);
            if (!Vector512.EqualsAll(isUnfit.AsInt64(), Vector512<long>.Zero))
            {
                unfit[unfitCount++] = i;
                continue;
            }
            var bin = Avx512F.Max(Avx512F.Min(floor, last), Vector512<double>.Zero);
            var outcome = Vector512.LoadUnsafe(ref firstOutcome, (nuint)i);
            var place = Vector512.FusedMultiplyAdd(bin, Vector512.Create(4.0), tables);
            Vector512.FusedMultiplyAdd(outcome, Vector512.Create(2.0), place).AsInt64().StoreAligned(places);
            var (multiple, lower) = (high.AsInt64() - fromHigh, low.AsInt64() - toLow.AsInt64());
            Avx512F.UnpackLow(multiple, lower).StoreAligned(samples);
            Avx512F.UnpackHigh(multiple, lower).StoreAligned(samples + Width);
            Add(cells + (uint)places[0], samples);
            Add(cells + (uint)places[1], samples + 8);
            Add(cells + (uint)places[2], samples + 2);
            Add(cells + (uint)places[3], samples + 10);
            Add(cells + (uint)places[4], samples + 4);
            Add(cells + (uint)places[5], samples + 12);
            Add(cells + (uint)places[6], samples + 6);
            Add(cells + (uint)places[7], samples + 14);
        }
        Count += confidences.Length;
        return unfitCount;
    }

    /// <summary>Moves the sums to the exact sums of the bins.</summary>
    public void Flush(BinSums[] bins)
    {
        if (Count == 0) return;
        Count = 0;
        for (var i = 0; i < bins.Length; i++)
        {
            for (var outcome = 0; outcome <= 1; outcome++)
            {
                // all tables together have no more samples than one may have
                var cell = Vector128<long>.Zero;
                for (var place = 4 * i + 2 * outcome; place < _length; place += Size)
                    cell += Vector128.LoadAligned(_cells + place);
                var (samples, high) = (cell[0] >>> CountShift, cell[0] & ((1L << CountShift) - 1));
                if (samples == 0) continue;
                bins[i].Samples += samples;
                bins[i].Weight.Add(samples);
                bins[i].Confidence.Add(Math.ScaleB(high, -40));
                bins[i].Confidence.Add(Math.ScaleB(cell[1], -82));
                bins[i].Outcome.Add(samples * outcome);
            }
        }
        Array.Clear(_memory);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(long* cell, long* sample) =>
        (Vector128.LoadAligned(cell) + Vector128.LoadAligned(sample)).StoreAligned(cell);

    /// <summary>The next multiple of 64 bytes.</summary>
    private static long* Align(long* memory) => (long*)(((nuint)memory + 63) & ~(nuint)63);
}
