using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Makes the reader of target rows for the form of labels that a batch has.</summary>
internal static class PostedTargets
{
    /// <summary>The reader of labels, or of a window of them.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="labels">Its labels, the classes of rows on the last axis.</param>
    /// <param name="predictions">The shape of the predictions, the classes on the last axis.</param>
    public static TargetRows Create(Batch batch, Tensor labels, Shape predictions) => batch.LabelForm switch
    {
        TargetForm.Logits => new TeacherTargets(labels, predictions.Last, batch.LabelTemperature),
        TargetForm.LogProbabilities => new LogTargets(labels, predictions.Last),
        _ when labels.Shape.Rank == predictions.Rank =>
            new DenseTargets(labels, predictions.Last, batch.Options.Get(SharedOptions.Normalize)),
        _ => new IndexTargets(labels),
    };
}
