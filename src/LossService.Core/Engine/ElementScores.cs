using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>z/T + b of the elements of a block, where that is not the posted logit.</summary>
internal readonly unsafe struct ElementScores
{
    private readonly double[] _bias;
    private readonly LogitScore _score;

    /// <summary>Prepares for a batch.</summary>
    public ElementScores(Batch batch)
    {
        var temperature = batch.Options.Get(SharedOptions.Temperature);
        _bias = batch.Options.Get(SharedOptions.LogitBias) ?? [];
        _score = new(temperature);
        AreNeeded = batch.Form == PredictionForm.Logits && (temperature != 1 || _bias.Length > 0);
    }

    /// <summary>Whether predictions are logits whose z/T + b is another number.</summary>
    public bool AreNeeded { get; }

    /// <summary>Fills <see cref="BinaryScratch.Score"/> and its error for a block whose predictions have been read.</summary>
    /// <param name="block">The first element's place in the batch.</param>
    /// <param name="count">The number of elements; those up to a whole vector are filled, too.</param>
    /// <param name="scratch">The block.</param>
    public void Find(long block, int count, BinaryScratch scratch)
    {
        if (_bias.Length > 0) Repeat(_bias, block, BinaryScratch.Span(scratch.Bias, count));
        if (Lanes.HasMost) Find<PlainEight>(count, scratch);
        else Find<PlainDouble>(count, scratch);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Find<TNumber>(int count, BinaryScratch scratch) where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (score, isBiased) = (_score, _bias.Length > 0);
        for (var i = 0; i < count; i += TNumber.Count)
        {
            var bias = isBiased ? TNumber.Load(ref scratch.Bias[i]) : TNumber.Zero;
            score.Of(TNumber.Load(ref scratch.Posted[i]), bias, out var error).StoreNearest(ref scratch.Score[i]);
            error.StoreNearest(ref scratch.ScoreError[i]);
        }
    }

    /// <summary>Writes the number of each element's class, which is its place on the last axis.</summary>
    public static void Repeat(double[] ofClasses, long block, Span<double> elements)
    {
        var at = (int)(block % ofClasses.Length);
        while (!elements.IsEmpty)
        {
            var part = ofClasses.AsSpan(at, int.Min(ofClasses.Length - at, elements.Length));
            part.CopyTo(elements);
            elements = elements[part.Length..];
            at = 0;
        }
    }
}
