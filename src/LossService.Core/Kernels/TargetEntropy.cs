using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>Σ t·x over the classes of a target in plain double, without the classes of t = 0, where x may be infinite.</summary>
internal struct TargetEntropy
{
    /// <summary>The vectors after which a sum goes into a double-double: a long sum would lose digits.</summary>
    private const int MaxRun = 32;

    private Dd _total;
    private Vector256<double> _run;
    private int _count;

    /// <summary>The sum of what was added.</summary>
    public readonly Dd Sum => Dd.SumOfLanes(_total + _run);

    /// <summary>Adds four classes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<double> t, Vector256<double> x)
    {
        _run += Vector256.AndNot(t * x, Vector256.Equals(t, Vector256<double>.Zero));
        if (++_count < MaxRun) return;
        _total += _run;
        (_run, _count) = (Vector256<double>.Zero, 0);
    }

    /// <summary>Σ t·ln t of a padded row: its negated entropy, which KL(label‖prediction) adds to the cross-entropy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Negate(ReadOnlySpan<double> target)
    {
        ref var first = ref MemoryMarshal.GetReference(target);
        var sum = new TargetEntropy();
        for (var c = 0; c < target.Length; c += Lanes.Width)
        {
            var t = Vector256.LoadUnsafe(ref first, (nuint)c);
            sum.Add(t, VectorMath.Log(t));
        }
        return sum.Sum.ToScalar();
    }
}
