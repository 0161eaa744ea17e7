using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Which rows of a batch the softmax kernel scores, and what it computes of them.</summary>
internal sealed unsafe class SoftmaxPlan
{
    // a float64 result needs all the digits of a double: a difference of two parts must not be smaller than half of them
    private const double LeastPartOfFloat64 = 0.5;

    private readonly Batch _batch;
    private readonly SoftmaxLoss _loss;
    private readonly StoredFloat32* _stored;

    /// <summary>Decides by the formula, the options and the dtypes.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="formula">Its formula.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="classWeight">The weight of each class; empty = 1.</param>
    public SoftmaxPlan(Batch batch, CategoricalFormula formula, TargetRows? labels, double[] classWeight)
    {
        _batch = batch;
        var (dtype, options) = (batch.Predictions.DType, batch.Options);
        var smoothing = options.Get(SharedOptions.LabelSmoothing);
        var isNarrow = dtype != DType.Float64;
        _loss = new()
        {
            Formula = formula.OfTrueClass,
            Temperature = options.Get(SharedOptions.Temperature),
            Bias = ClassBias.Read(batch),
            Smoothing = smoothing,
            LogSumExpSquared = formula.LogSumExpSquared,
            ErrorFactor = formula.ErrorFactor,
            IsSquaredError = formula.IsSquaredError,
            SubtractsEntropy = formula.IsRelativeEntropy,
            HasPlainTargets = labels is { ArePlain: true },
            ClassWeight = formula.GetWeights(classWeight),
            Unit = batch.Unit == Unit.Bits ? Dd.One / Dd.Ln2 : Dd.One,
            Factor = batch.Factor,
            IsScaled = batch.IsScaled,
            IsFloat64 = !isNarrow,
            LeastPart = isNarrow ? SoftmaxKernel<StoredFloat32>.LeastPart : LeastPartOfFloat64,
        };
        // the kernel writes gradients as it reads predictions
        var isStored = batch.UsesKernels && batch.Form == PredictionForm.Logits && batch.StoredDType == dtype
            && labels is not null;
        // where parts of a gradient cancel, or a power multiplies errors, a double does not have the digits of a float64
        TakesClasses = isStored && (formula.IsCrossEntropy
            ? isNarrow || smoothing == 0
            : (formula.OfTrueClass is not null || formula.IsRelativeEntropy || formula.IsSquaredError) && isNarrow && smoothing == 0);
        var isWeighed = classWeight.Length > 0;
        TakesRows = TakesClasses && isNarrow && labels!.AreRows
            // the weight of such a row is a quotient of exact sums
            && (formula.IsCrossEntropy ? formula.LogSumExpSquared == 0 || !isWeighed : formula.IsRelativeEntropy && !isWeighed)
            // a label that is divided by its row's sum is rounded: near 1, its logarithm has no digits left
            && !(formula.IsRelativeEntropy && options.Get(SharedOptions.Normalize))
            // the sum over the classes reads each logarithm once; where rows name few classes, it is longer
            && !(formula.IsRelativeEntropy && !labels.ArePlain && (labels.NamedClasses == 0 || PlainColumns.Serves(batch, formula))
                && ClassSumScorer.Serves(batch, formula));
        if (TakesRows && smoothing == 0 && !isWeighed && batch.Predictions.Shape.Last > SoftmaxColumns<StoredFloat32>.MaxClasses)
            NamedClasses = labels!.NamedClasses;
        if (TakesRows && smoothing == 0 && _loss.ClassWeight.Length == 0 && NamedClasses == 0 && !SubtractsEntropy)
            _stored = labels!.FindStored(0);
    }

    /// <summary>Whether the kernel scores rows with one true class.</summary>
    public bool TakesClasses { get; }

    /// <summary>Whether the kernel scores rows with soft labels.</summary>
    public bool TakesRows { get; }

    /// <summary>The number of classes that rows of soft labels name, where the kernel reads no others; 0 = it reads all.</summary>
    public int NamedClasses { get; }

    /// <summary>Whether the kernel reads soft labels as they are stored.</summary>
    public bool ReadsStored => _stored != null;

    /// <summary>Whether the kernel needs the entropy of soft labels.</summary>
    public bool SubtractsEntropy => _loss.SubtractsEntropy;

    /// <summary>A kernel for rows with one true class, or with soft labels.</summary>
    public ISoftmaxRows NewRows(SampleWeights weights, Scores scores, MetricsSum? tally, bool hasRows) =>
        _batch.Predictions.DType switch
        {
            DType.Float16 => New<StoredFloat16>(weights, scores, tally, hasRows),
            DType.BFloat16 => New<StoredBFloat16>(weights, scores, tally, hasRows),
            DType.Float32 => New<StoredFloat32>(weights, scores, tally, hasRows),
            _ => New<StoredFloat64>(weights, scores, tally, hasRows),
        };

    private SoftmaxRows<TElement> New<TElement>(SampleWeights weights, Scores scores, MetricsSum? tally, bool hasRows)
        where TElement : unmanaged, IStoredFloat<TElement> =>
        new(_batch, weights, scores, tally, _loss, hasRows, hasRows ? NamedClasses : 0, hasRows ? _stored : null);
}
