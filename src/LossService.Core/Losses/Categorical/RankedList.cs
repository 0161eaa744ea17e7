using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Engine;
using LossService.Core.Numerics;

namespace LossService.Core.Losses.Categorical;

/// <summary>
/// A row as a list of items by falling relevance, those of equal relevance being a level, with the softmax of what is left at each level:
/// of the scores z from its first place on, the largest M and R = Σ e^(z − M) − 1, which is the sum without the largest.
/// </summary>
/// <remarks>
/// It is kept in parts of the row that a formula on logits leaves free: what describes the predictions is written before, or from others.
/// </remarks>
internal readonly ref struct RankedList<TNumber> where TNumber : struct, IFourNumbers<TNumber>
{
    private readonly Span<int> _order, _starts;

    /// <summary>Sorts a row by its target, and adds up what is left at each level.</summary>
    public RankedList(in CategoricalRow<TNumber> row)
    {
        var places = MemoryMarshal.Cast<double, int>(row.Size);
        Count = row.Classes;
        _order = places[..Count];
        _starts = places[Count..];
        Scores = row.Q.Hi;
        Maxima = row.Q.Lo;
        Counts = row.P.Lo;
        Rests = row.LogP;
        Weights = row.PDerivative;
        Levels = Sort(row);
        FindSteps();
        AddUp();
        Weigh();
    }

    /// <summary>The number of items.</summary>
    public int Count { get; }

    /// <summary>The number of levels.</summary>
    public int Levels { get; }

    /// <summary>z of each place, padded with −∞.</summary>
    public Span<double> Scores { get; }

    /// <summary>M of each place's level.</summary>
    public Span<double> Maxima { get; }

    /// <summary>e^(z − M) of each place, with M of its level; 0 for −∞.</summary>
    public NumberRow<TNumber> Weights { get; }

    /// <summary>R of each level, at its first place.</summary>
    public NumberRow<TNumber> Rests { get; }

    /// <summary>A number for each place, free for the formula.</summary>
    public Span<double> Counts { get; }

    /// <summary>The first place of a level, and the one after its last.</summary>
    public (int Start, int End) GetRange(int level) => (_starts[level], level + 1 < Levels ? _starts[level + 1] : Count);

    /// <summary>e^(M − M of the level before); null where they are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Dd? FindDecay(int level)
    {
        var (own, before) = (Maxima[_starts[level]], Maxima[_starts[level - 1]]);
        if (own == before) return null;
        var difference = Dd.Difference(Vector256.Create(own), Vector256.Create(before));
        return ToDd(TNumber.ExpOfSum(TNumber.Of(difference.Hi), TNumber.Of(difference.Lo)));
    }

    /// <summary>R of a level.</summary>
    public TNumber GetRest(int level) => Rests.Broadcast(_starts[level]);

    /// <summary>Moves the numbers of places to the classes that are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Scatter(NumberRow<TNumber> places, NumberRow<TNumber> classes)
    {
        for (var k = 0; k < Count; k++) (classes.Hi[_order[k]], classes.Lo[_order[k]]) = (places.Hi[k], places.Lo[k]);
    }

    /// <summary>A number with all its digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Dd ToDd(TNumber number) => new(number.Round(), number.Rest());

    /// <summary>Orders the classes, equal ones by their index, and finds the levels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Sort(in CategoricalRow<TNumber> row)
    {
        var keys = Rests.Hi[..Count];
        var levels = 0;
        for (var c = 0; c < Count; c++) (keys[c], _order[c]) = (-row.T.Hi[c], c);
        keys.Sort(_order);
        for (var k = 0; k < Count; k++)
            if (k == 0 || keys[k] != keys[k - 1]) _starts[levels++] = k;
        for (var level = 0; level < levels; level++)
            _order[_starts[level]..(level + 1 < levels ? _starts[level + 1] : Count)].Sort();
        for (var k = 0; k < Count; k++) Scores[k] = row.Z[_order[k]];
        Scores[Count..].Fill(double.NegativeInfinity);
        return levels;
    }

    /// <summary>
    /// Of each place, the largest score after it, and e to the power minus the distance to that: the new sum of exponentials is the old one
    /// and this, or where the place has the largest, 1 and the old one times this.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindSteps()
    {
        var largest = double.NegativeInfinity;
        for (var k = Scores.Length - 1; k >= 0; k--)
        {
            Counts[k] = largest;
            Maxima[k] = largest = Math.Max(largest, Scores[k]);
        }
        for (var k = 0; k < Scores.Length; k += Lanes.Width)
        {
            var (z, after) = (Vector256.LoadUnsafe(ref Scores[k]), Vector256.LoadUnsafe(ref Counts[k]));
            var less = Vector256.MinNative(z, after);
            var distance = Dd.Difference(less, Vector256.MaxNative(z, after));
            var isNone = Vector256.Equals(less, Vector256.Create(double.NegativeInfinity));
            Weights.Store(k, TNumber.Select(isNone, TNumber.Zero, TNumber.ExpOfSum(TNumber.Of(distance.Hi), TNumber.Of(distance.Lo))));
        }
    }

    /// <summary>R of each level, in double-double: a long sum of doubles would lose digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddUp()
    {
        var rest = Dd.Zero;
        for (var level = Levels - 1; level >= 0; level--)
        {
            var (start, end) = GetRange(level);
            for (var k = end - 1; k >= start; k--)
            {
                var step = ToDd(Weights.Broadcast(k));
                rest = Scores[k] > Counts[k] ? (rest + Vector256<double>.One) * step : rest + step;
            }
            Rests.SetOne(start, TNumber.Of(rest.Hi, rest.Lo));
            Maxima[start..end].Fill(Maxima[start]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh()
    {
        for (var k = 0; k < Scores.Length; k += Lanes.Width)
        {
            var (z, max) = (Vector256.LoadUnsafe(ref Scores[k]), Vector256.LoadUnsafe(ref Maxima[k]));
            var difference = Dd.Difference(z, max);
            var exponential = TNumber.ExpOfSum(TNumber.Of(difference.Hi), TNumber.Of(difference.Lo));
            var weight = TNumber.Select(Vector256.Equals(z, max), TNumber.One, exponential);
            Weights.Store(k, TNumber.Select(Vector256.Equals(z, Vector256.Create(double.NegativeInfinity)), TNumber.Zero, weight));
        }
    }
}
