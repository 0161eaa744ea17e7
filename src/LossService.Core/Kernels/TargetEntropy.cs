using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Σ t·x over the classes of a target in plain double, without the classes of t = 0, where x may be infinite.</summary>
internal struct TargetEntropy
{
    /// <summary>The classes after which a sum goes into a double-double: a long sum would lose digits.</summary>
    private const int MaxRun = 32 * Lanes.Width;

    private Dd _total;
    private Vector256<double> _run;
    private int _count;

    /// <summary>The sum of what was added.</summary>
    public readonly Dd Sum => Dd.SumOfLanes(_total + _run);

    /// <summary>Adds the classes of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TNumber>(TNumber t, TNumber x) where TNumber : struct, IPlainNumbers<TNumber>
    {
        _run = TNumber.Add(_run, TNumber.Select(t.IsZero, TNumber.Zero, t * x));
        _count += TNumber.Count;
        if (_count < MaxRun) return;
        _total += _run;
        (_run, _count) = (Vector256<double>.Zero, 0);
    }

    /// <summary>Σ t·ln t of a padded row: its negated entropy, which KL(label‖prediction) adds to the cross-entropy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Negate(ReadOnlySpan<double> target)
    {
        var sum = new TargetEntropy();
        var done = Lanes.HasMost ? AddUp<PlainEight>(target, 0, ref sum) : 0;
        AddUp<PlainDouble>(target, done, ref sum);
        return sum.Sum.ToScalar();
    }

    /// <summary>Adds the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int AddUp<TNumber>(ReadOnlySpan<double> target, int start, ref TargetEntropy entropy)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        ref var first = ref MemoryMarshal.GetReference(target);
        var (sum, c) = (entropy, start);
        for (; c <= target.Length - TNumber.Count; c += TNumber.Count)
        {
            var t = TNumber.Load(ref Unsafe.Add(ref first, c));
            sum.Add(t, TNumber.Log(t));
        }
        entropy = sum;
        return c;
    }
}
