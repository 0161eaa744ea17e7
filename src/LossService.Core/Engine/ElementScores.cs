using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Find(long block, int count, BinaryScratch scratch)
    {
        var score = _score;
        if (_bias.Length > 0) Repeat(_bias, block, BinaryScratch.Span(scratch.Bias, count));
        for (var i = 0; i < count; i += Lanes.Width)
        {
            var bias = _bias.Length == 0 ? Vector256<double>.Zero : Vector256.LoadAligned(scratch.Bias + i);
            score.Of(Vector256.LoadAligned(scratch.Posted + i), bias, out var error).StoreAligned(scratch.Score + i);
            error.StoreAligned(scratch.ScoreError + i);
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
