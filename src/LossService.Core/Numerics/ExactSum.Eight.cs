using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LossService.Core.Numerics;

/// <content>The bins in eight lanes, on processors with AVX-512: exact, so that the sum is the same.</content>
internal sealed partial class ExactSum
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private void AddEight(ref double first, int length, ExactSum? other)
    {
        var max = Vector512<long>.Zero;
        for (var i = 0; i < length; i += Pair)
            max = Vector512.Max(max, Vector512.Abs(Vector512.LoadUnsafe(ref first, (nuint)i)).AsInt64());
        var largest = MaxLane(Vector256.Max(max.GetLower(), max.GetUpper()));
        if (largest is 0) return;
        var e = (int)(largest >> 52) - 1023;
        if (e is < MinBinExponent or > MaxBinExponent)
        {
            for (var i = 0; i < length; i++) Add(Unsafe.Add(ref first, i), other);
            return;
        }
        var (aFour, bFour, cFour) = (StartBin(e + BlockBits), StartBin(e + 2 * BlockBits - 53), StartBin(e + 3 * BlockBits - 106));
        var (aStart, bStart, cStart) = (
            Vector512.Create(aFour, aFour), Vector512.Create(bFour, bFour), Vector512.Create(cFour, cFour));
        var (a, b, c) = (aStart, bStart, cStart);
        Span<double> left = stackalloc double[BlockSize];
        var count = 0;
        for (var i = 0; i < length; i += Pair)
        {
            var rest = Vector512.LoadUnsafe(ref first, (nuint)i);
            a = Absorb(a, ref rest);
            b = Absorb(b, ref rest);
            if (Vector512.EqualsAll(rest, Vector512<double>.Zero)) continue;
            c = Absorb(c, ref rest);
            if (Vector512.EqualsAll(rest, Vector512<double>.Zero)) continue;
            rest.CopyTo(left[count..]);
            count += Pair;
        }
        foreach (var rest in left[..count]) Add(rest, other);
        // exact: together the lanes have moved by less than 2⁵² units in the last place
        Add(Vector512.Sum(a - aStart), other);
        Add(Vector512.Sum(b - bStart), other);
        Add(Vector512.Sum(c - cStart), other);
    }

    /// <inheritdoc cref="Absorb(Vector256{double}, ref Vector256{double})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Absorb(Vector512<double> accumulator, ref Vector512<double> term)
    {
        var sum = accumulator + term;
        term -= sum - accumulator;
        return sum;
    }
}
