using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Up to 32 rows of few classes that are scored together: their classes, four rows side by side, and some numbers of each row.
/// </summary>
/// <remarks>
/// A number of classes that is odd is padded by a class of probability 0. Rows that are missing repeat the last, up to whole vectors of
/// eight.
/// </remarks>
internal unsafe struct ColumnBlock
{
    /// <summary>The most rows, and those whose classes are side by side.</summary>
    public const int Most = 32, Rows = Lanes.Width;

    /// <summary>The sums of <see cref="Even"/>.</summary>
    public const int CountSums = 5;

    /// <summary>The doubles of <see cref="Numbers"/>.</summary>
    public const int CountNumbers = 28 * Most;

    /// <summary>The rows, a multiple of eight.</summary>
    public required int Count;

    /// <summary>The numbers of each four rows.</summary>
    public required int Stride;

    /// <summary>As those of <see cref="PlainClasses"/>, of the first four rows; further rows follow.</summary>
    public required void* Logits, Targets;

    /// <inheritdoc cref="Logits"/>
    public required double* Exponentials, Derivatives, Sizes;

    /// <summary>The class weights, the same for all rows; null = all are 1.</summary>
    public required double* Weights;

    /// <summary>Memory for numbers of each row.</summary>
    public required double* Numbers;

    /// <summary>Whether logits and targets are doubles.</summary>
    public required bool HasDoubles;

    /// <summary>Whether targets are doubles.</summary>
    public required bool HasDoubleTargets;

    /// <summary>Whether a double holds each target exactly.</summary>
    public required bool HasExactTarget;

    /// <summary>1/T.</summary>
    public required double PerUnit;

    /// <summary>The sum of the exponentials less 1.</summary>
    public readonly double* Rest => Numbers;

    /// <summary>The smallest logit.</summary>
    public readonly double* Min => Numbers + Most;

    /// <summary>The largest logit.</summary>
    public readonly double* Max => Numbers + 2 * Most;

    /// <summary>p of a class with that, and what this lacks.</summary>
    public readonly double* Inverse => Numbers + 3 * Most;

    /// <inheritdoc cref="Inverse"/>
    public readonly double* InverseRest => Numbers + 4 * Most;

    /// <summary>1 − p of that class.</summary>
    public readonly double* OfLargest => Numbers + 5 * Most;

    /// <summary>log of 1/p of that class.</summary>
    public readonly double* Log => Numbers + 6 * Most;

    /// <summary>The target of that class.</summary>
    public readonly double* TargetOfLargest => Numbers + 7 * Most;

    /// <summary>The weight of that class.</summary>
    public readonly double* WeightOfLargest => Numbers + 8 * Most;

    /// <summary>As <see cref="PlainSums.Winner"/>.</summary>
    public readonly double* Winner => Numbers + 9 * Most;

    /// <summary>As <see cref="PlainSums.WinnerSize"/>.</summary>
    public readonly double* WinnerSize => Numbers + 10 * Most;

    /// <summary>Σt − 1.</summary>
    public readonly double* Surplus => Numbers + 11 * Most;

    /// <summary>What a row's weight is multiplied by because of its classes.</summary>
    public readonly double* OfClasses => Numbers + 12 * Most;

    /// <summary>The factor of the gradient.</summary>
    public readonly double* Factor => Numbers + 13 * Most;

    /// <summary>Not zero where the gradient lacks digits.</summary>
    public readonly double* Lacking => Numbers + 14 * Most;

    /// <summary>
    /// Sums of the even classes and of the odd ones, in the order of <see cref="PlainSums"/>: 0 = those of the values, 1 = their errors,
    /// 2 = sizes, 3 = derivatives, 4 = their sizes. The losses and their rests take the place of the first two.
    /// </summary>
    public readonly double* Even(int sum) => Numbers + (15 + sum) * Most;

    /// <inheritdoc cref="Even"/>
    public readonly double* Odd(int sum) => Numbers + (20 + sum) * Most;

    /// <summary>The true class, where rows have one.</summary>
    public readonly int* Label => (int*)(Numbers + 25 * Most);

    /// <summary>For formulas on logits: its logit, in whose place the row has −∞, so that it is compared with no other.</summary>
    public readonly double* LabelLogit => Numbers + 26 * Most;

    /// <summary>Its derivative.</summary>
    public readonly double* OfLabel => Numbers + 27 * Most;

    /// <summary>Where a class of a row is, in the classes of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Find(int row, int c) => row / Rows * Stride + c * Rows + row % Rows;

    /// <summary>Stores sums of four rows, each in eight lanes: those of the even classes, then those of the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreSums(int first, double* sums)
    {
        for (var i = 0; i < CountSums; i++, sums += 2 * Rows)
        {
            Vector256.Load(sums).Store(Even(i) + first);
            Vector256.Load(sums + Rows).Store(Odd(i) + first);
        }
    }

    /// <summary>The classes of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainClasses Classes(int first)
    {
        var start = first / Rows * Stride;
        return new()
        {
            Count = Stride,
            Logits = HasDoubles ? (double*)Logits + start : (float*)Logits + start,
            Exponentials = Exponentials + start,
            Targets = HasDoubleTargets ? (double*)Targets + start : (float*)Targets + start,
            Weights = Weights,
            Derivatives = Derivatives + start,
            Sizes = Sizes + start,
            HasDoubles = HasDoubles,
            HasDoubleTargets = HasDoubleTargets,
            HasExactTarget = HasExactTarget,
        };
    }

    /// <summary>The softmax of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainSoftmax Softmax(int first) => new(Vector256.Load(Inverse + first), Vector256.Load(InverseRest + first),
        Vector256.Load(OfLargest + first), Vector256.Load(Max + first), Vector256.Load(Log + first), PerUnit);

    /// <summary>The sums of four rows that their gradients are made of, after those of even and odd classes have been added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PlainSums Sums(int first) => new()
    {
        Winner = Vector256.Load(Winner + first),
        WinnerSize = Vector256.Load(WinnerSize + first),
        Derivative = Vector256.Load(Even(3) + first),
        DerivativeSize = Vector256.Load(Even(4) + first),
    };

    /// <summary>Computes what the softmax of each row is made of from the exponentials' sums and the largest logits.</summary>
    public readonly void Distribute()
    {
        if (Lanes.HasMost) Distribute<PlainEight, WideEight>();
        else Distribute<PlainDouble, WideDouble>();
    }

    /// <summary>The softmax of the classes with the largest logits, and their targets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ClassVector<TNumber> ReadLargest<TNumber>(int first) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var max = TNumber.Load(in Max[first]);
        var p = new SoftmaxLanes<TNumber>(TNumber.Load(in Inverse[first]), TNumber.Load(in InverseRest[first]),
            TNumber.Load(in OfLargest[first]), max, TNumber.Load(in Log[first]), PerUnit, HasExactTarget);
        var largest = p.Read(TNumber.One, max, TNumber.Load(in TargetOfLargest[first]));
        largest.W = Weights == null ? TNumber.One : TNumber.Load(in WeightOfLargest[first]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private readonly void Distribute<TNumber, TWide>()
        where TNumber : struct, IPlainNumbers<TNumber>
        where TWide : struct, IWideNumbers<TWide>
    {
        for (var i = 0; i < Count; i += TNumber.Count)
        {
            var rest = TNumber.Load(in Rest[i]);
            (TWide.One / (TWide.One + TWide.Load(in Rest[i]))).Store(ref Inverse[i], ref InverseRest[i]);
            (rest * TNumber.Load(in Inverse[i])).StoreNearest(ref OfLargest[i]);
            TNumber.Log1p(rest).StoreNearest(ref Log[i]);
        }
    }
}
