using LossService.Core.Numerics;

namespace LossService.Core.Outputs;

/// <summary>Weights by class: of the samples of each, of those predicted as it, and of those that are both. All sums are exact.</summary>
/// <param name="classes">K.</param>
/// <param name="hasClasses">Whether each class is reported.</param>
/// <param name="hasMatrix">Whether there is a confusion matrix.</param>
internal sealed class ClassSums(int classes, bool hasClasses, bool hasMatrix)
{
    private readonly WeightSum[] _all = new WeightSum[classes];
    private readonly WeightSum[] _labelled = new WeightSum[classes];
    private readonly WeightSum[] _predicted = new WeightSum[classes];
    private readonly WeightSum[] _both = new WeightSum[classes];
    private readonly WeightSum[] _cells = new WeightSum[hasMatrix ? classes * classes : 0];
    private WeightSum _total;

    /// <summary>K; 0 of a batch of no rows.</summary>
    public int Classes => classes;

    /// <summary>Counts a row of classes.</summary>
    public void Add(double weight, int label, int predicted)
    {
        _total.Add(weight);
        _labelled[label].Add(weight);
        _predicted[predicted].Add(weight);
        if (label == predicted) _both[label].Add(weight);
        if (hasMatrix) _cells[label * classes + predicted].Add(weight);
    }

    /// <summary>Counts an element, which is a sample of one class alone.</summary>
    public void AddElement(double weight, int column, bool isLabelled, bool isPredicted)
    {
        _all[column].Add(weight);
        if (isLabelled) _labelled[column].Add(weight);
        if (isPredicted) _predicted[column].Add(weight);
        if (isLabelled && isPredicted) _both[column].Add(weight);
    }

    /// <summary>Whether another has the same classes, or none, and reports the same.</summary>
    public bool Matches(ClassSums other) => (hasClasses, hasMatrix) == (other.HasClasses, other.HasMatrix)
        && (classes == other.Classes || classes == 0 || other.Classes == 0);

    /// <summary>Adds the samples of another with as many classes.</summary>
    public void Add(ClassSums other)
    {
        _total.Add(other._total);
        Add(_all, other._all);
        Add(_labelled, other._labelled);
        Add(_predicted, other._predicted);
        Add(_both, other._both);
        Add(_cells, other._cells);
    }

    /// <summary>The report of all that was counted.</summary>
    public ClassReport Conclude()
    {
        if (!hasClasses) return new([], null, null, GetMatrix());
        ClassMetrics[] each = [.. Enumerable.Range(0, classes).Select(Conclude)];
        ClassMetrics[] occurring = [.. each.Where(one => one.F1 is not null)];
        return new(
            each,
            new(Mean(occurring, one => one.Precision ?? 0), Mean(occurring, one => one.Recall ?? 0),
                Mean(occurring, one => one.F1 ?? 0), Mean(occurring, one => one.Iou ?? 0)),
            Mean([.. each.Where(one => one.Support > 0)], one => one.Recall ?? 0),
            GetMatrix());
    }

    private bool HasClasses => hasClasses;

    private bool HasMatrix => hasMatrix;

    private ClassMetrics Conclude(int c)
    {
        var (labelled, predicted, both) = (_labelled[c], _predicted[c], _both[c]);
        var hits = WeightSum.Round((1, both));
        var union = WeightSum.Round((1, labelled), (1, predicted), (-1, both));
        return new(
            hits,
            WeightSum.Round((1, predicted), (-1, both)),
            WeightSum.Round((1, labelled), (-1, both)),
            WeightSum.Round((1, _total), (1, _all[c]), (-1, labelled), (-1, predicted), (1, both)),
            WeightSum.Round((1, labelled)),
            Share(hits, WeightSum.Round((1, predicted))),
            Share(hits, WeightSum.Round((1, labelled))),
            Share(2 * hits, WeightSum.Round((1, labelled), (1, predicted))),
            Share(hits, union));
    }

    private double[][]? GetMatrix() => !hasMatrix ? null
        : [.. _cells.Select(cell => WeightSum.Round((1, cell))).Chunk(Math.Max(classes, 1))];

    private static double? Share(double part, double whole) => whole == 0 ? null : part / whole;

    private static double? Mean(ClassMetrics[] classes, Func<ClassMetrics, double> take)
    {
        if (classes.Length == 0) return null;
        var sum = new ExactSum();
        foreach (var one in classes) sum.Add(take(one));
        return sum.Round() / classes.Length;
    }

    private static void Add(WeightSum[] sums, WeightSum[] others)
    {
        for (var i = 0; i < others.Length; i++) sums[i].Add(others[i]);
    }
}
