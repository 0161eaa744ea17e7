using LossService.Core.Batches;
using LossService.Core.Engine;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Losses;

/// <summary>A named formula with options. Each loss is one file; its routes, schemas and documentation are derived from it.</summary>
public abstract class Loss
{
    /// <summary>The name in requests and routes: <c>cross_entropy</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Its documentation.</summary>
    public abstract LossPage Page { get; }

    /// <summary>What one sample is.</summary>
    public abstract LossKind Kind { get; }

    /// <summary>The forms of predictions it accepts, the most usual first.</summary>
    public abstract IReadOnlyList<PredictionForm> Accepts { get; }

    /// <summary>Which labels it accepts.</summary>
    public abstract LabelRule Labels { get; }

    /// <summary>
    /// The forms of labels it accepts: a teacher's predictions only where labels may be soft and are of samples, sparse rows where these
    /// are rows of classes.
    /// </summary>
    public IReadOnlyList<TargetForm> LabelForms => Labels switch
    {
        LabelRule.None => [],
        _ when Kind == LossKind.Overlap => [TargetForm.Labels],
        LabelRule.Distribution => Enum.GetValues<TargetForm>(),
        LabelRule.Probability => [TargetForm.Labels, TargetForm.Logits, TargetForm.LogProbabilities],
        _ => [TargetForm.Labels],
    };

    /// <summary>The options it accepts.</summary>
    public abstract IReadOnlyList<Option> Options { get; }

    /// <summary>Whether the loss is an amount of information, so that <see cref="Unit"/> applies.</summary>
    public virtual bool IsInformation => false;

    /// <summary>Whether it has second derivatives in closed form, of which the output <c>hessian</c> is made.</summary>
    public virtual bool HasSecondDerivative => false;

    /// <summary>The outputs that it has.</summary>
    public IEnumerable<Output> Outputs => OutputCatalogue.All.Where(Has);

    /// <summary>Whether it has an output.</summary>
    public virtual bool Has(Output output) => output.Shape != OutputShape.Sums
        && (!output.NeedsLabels || Labels is not (LabelRule.None or LabelRule.Classes or LabelRule.Relevance))
        && (!output.NeedsSecondDerivative || HasSecondDerivative);

    /// <summary>
    /// The shape of the samples, and so of weights and masks: the predictions' for a binary loss, otherwise without the class axis. Of an
    /// overlap loss they are its elements, each with all classes.
    /// </summary>
    /// <param name="predictions">The shape of the predictions, of rank 1 or more.</param>
    /// <param name="options">The options of the batch.</param>
    public Shape GetSampleShape(Shape predictions, OptionValues options) =>
        Kind == LossKind.Binary ? predictions : new ClassLayout(predictions, options.Get(SharedOptions.ClassAxis)).Samples;

    /// <summary>The option of a name, to be set in <see cref="OptionValues"/>; null where the loss has none of that name.</summary>
    public Option? FindOption(string name)
    {
        foreach (var option in Options)
            if (option.Name == name) return option;
        return null;
    }

    /// <summary>The option of a name and type.</summary>
    /// <exception cref="ArgumentException">The loss has no such option, or one of another type.</exception>
    public Option<T> GetOption<T>(string name) => FindOption(name) as Option<T>
        ?? throw new ArgumentException($"{Name} has no option \"{name}\" of the type {typeof(T).Name}.", nameof(name));

    /// <summary>Scores a batch that is known to be valid.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="MemoryBudgetException">The batch's budget has not enough left.</exception>
    internal abstract Scores Score(Batch batch, CancellationToken cancellation = default);

    /// <summary>The bytes of the results of a batch whose shapes fit together.</summary>
    internal long CountBytes(Batch batch) => Scores.CountBytes(batch.Asked, batch.StoredDType, output => GetShape(output, batch));

    /// <summary>The shape of a result.</summary>
    internal virtual Shape GetShape(Output output, Batch batch) => output.Shape == OutputShape.Samples
        ? GetSampleShape(batch.Predictions.Shape, batch.Options) : batch.Predictions.Shape;

    /// <summary>The bytes that computing takes beside the results; they are free again when it ends.</summary>
    internal abstract long CountWorkBytes(Batch batch);

    /// <summary>
    /// Adds to the metrics what is not made of sums, where that is asked for: the bins of equal weight and the best temperature. Frees the
    /// scores where that fails.
    /// </summary>
    private protected void Complete(
        Batch batch, Scores scores, SampleWeights weights, ConfidenceList? confidences, CancellationToken cancellation)
    {
        if (scores.Metrics is not { } metrics) return;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            if (confidences is not null) scores.Add(confidences.Conclude(batch.Options.Get(SharedOptions.Bins)));
            if (!batch.Options.Get(SharedOptions.FitTemperature)) return;
            using var fitter = new TemperatureFitter(batch, weights, Kind == LossKind.Binary, cancellation);
            scores.Add(fitter.Fit(metrics));
        }
        catch
        {
            scores.Dispose();
            throw;
        }
    }

    /// <summary>Computes scores; frees their memory where that fails.</summary>
    private protected static Scores Conclude(
        Batch batch, Scores scores, SampleWeights weights, Func<(RoundedSum Sum, MetricsSum? Tally)> run)
    {
        try
        {
            var (sum, tally) = run();
            weights.Reduce(sum, scores, batch.Asked);
            scores.MetricsSum = tally;
            return scores;
        }
        catch
        {
            scores.Dispose();
            throw;
        }
    }
}
