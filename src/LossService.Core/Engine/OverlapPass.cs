using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// The two loops of every overlap loss: over all rows for the sums of each class, then over all rows for what each of them gets. A group
/// is the whole batch, or one item.
/// </summary>
/// <remarks>
/// Sums are double-doubles, added within parts of a fixed number of rows and then part by part, so that the number of threads changes no
/// bit.
/// </remarks>
internal sealed class OverlapPass : IDisposable
{
    /// <summary>The rows of a part.</summary>
    private const int PartRows = 4096;

    private readonly Batch _batch;
    private readonly OverlapFormula _formula;
    private readonly CategoricalLink _link;
    private readonly ClassWeights _classWeights;
    private readonly int _classes;
    private readonly long _rows;
    private readonly long _items;
    private readonly bool _isPerItem;
    private readonly long _counted;
    private readonly double _weight;
    private readonly SampleWeights _weights;
    private readonly Scores _scores;

    public OverlapPass(Batch batch, OverlapFormula formula, CategoricalLink link, bool isPerItem, CancellationToken cancellation)
    {
        (_batch, _formula, _link, _isPerItem) = (batch, formula, link, isPerItem);
        var layout = batch.Layout;
        (_classes, _rows) = (layout.Classes, layout.Rows);
        _items = isPerItem && layout.Samples.Rank > 0 ? layout.Samples.Axes[0] : 1;
        _classWeights = new(batch.Options.Get(SharedOptions.ClassWeight), _classes);
        _weights = new(batch, _rows, null, cancellation);
        for (long item = 0; item < _items; item++)
            if (_rows > 0 && IsCounted(item)) _counted++;
        _weight = SumWeights();
        _scores = new(batch.Asked, batch.StoredDType, output => GetShape(output, batch, isPerItem), batch.Memory);
    }

    /// <summary>What the mean divides by.</summary>
    private double Divisor => (_batch.Reduction, _batch.MeanOver) switch
    {
        (Reduction.Mean, _) when _batch.Divisor is { } divisor => divisor,
        (Reduction.Mean, MeanOver.Weight) => _weight,
        (Reduction.Mean, _) => _counted * _classes,
        _ => 1,
    };

    private bool Writes => _batch.Wants(OutputSet.Gradient | OutputSet.Probabilities);

    /// <summary>The shape of a result.</summary>
    public static Shape GetShape(Output output, Batch batch, bool isPerItem)
    {
        var layout = batch.Layout;
        if (output.Shape == OutputShape.Predictions) return layout.Shape;
        int[] groups = isPerItem && layout.Samples.Rank > 0 && layout.Classes > 0
            ? [layout.Samples.Axes[0], layout.Classes] : [layout.Classes];
        return output.Shape == OutputShape.Sums ? new([.. groups, OverlapRows.Sums]) : new(groups);
    }

    /// <summary>The bytes of working memory that a batch needs.</summary>
    public static long CountBytes(Batch batch, bool isPerItem)
    {
        var layout = batch.Layout;
        var cores = SampleSplit.CountCores(layout.Rows, layout.Shape.Count);
        var tables = isPerItem ? cores : 1 + CountParts(layout.Rows);
        return cores * OverlapRows.CountBytes(batch)
            + ClassTable.CountBytes(tables, OverlapRows.Sums + OverlapRows.Derivatives, layout.Classes)
            + (batch.SampleWeight is null ? 0 : sizeof(double) * layout.Rows);
    }

    /// <summary>Scores the batch.</summary>
    public Scores Score(CancellationToken cancellation)
    {
        try
        {
            var sum = _isPerItem
                ? SampleSplit.Run(_items, _batch.Predictions.Count, null, ScoreItems, cancellation).Sum
                : ScoreBatch(cancellation);
            _scores.Totals = new(_counted * _classes, _weight, sum.Value);
            if (_batch.Wants(OutputSet.Loss) && Divisor != 0) _scores.Loss = sum.Divide(Divisor);
            return _scores;
        }
        catch
        {
            _scores.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _weights.Dispose();

    private void ScoreItems(long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation)
    {
        if (start == end || _classes == 0) return;
        using var rows = new OverlapRows(_batch, _scores, _weights, _link);
        using var sums = new ClassTable(1, OverlapRows.Sums, _classes, _batch.Memory);
        using var derivatives = new ClassTable(1, OverlapRows.Derivatives, _classes, _batch.Memory);
        for (var item = start; item < end; item++)
        {
            var (first, last) = (item * _rows / _items, (item + 1) * _rows / _items);
            sums.Clear(0);
            rows.Add(first, last, sums, 0, cancellation);
            Conclude(item, sums, derivatives, sum);
            if (Writes) rows.Write(first, last, derivatives, 0, cancellation);
        }
    }

    private RoundedSum ScoreBatch(CancellationToken cancellation)
    {
        var (parts, count, sum) = (CountParts(_rows), _batch.Predictions.Count, new ExactSum());
        if (_classes == 0) return new(sum);
        using var sums = new ClassTable(1, OverlapRows.Sums, _classes, _batch.Memory);
        using var derivatives = new ClassTable(1, OverlapRows.Derivatives, _classes, _batch.Memory);
        using (var ofParts = new ClassTable(parts, OverlapRows.Sums, _classes, _batch.Memory))
        {
            SampleSplit.Run(parts, count, null, AddParts, cancellation);
            sums.Clear(0);
            for (long part = 0; part < parts; part++) sums.Add(0, ofParts, part);

            void AddParts(long start, long end, ExactSum unused, MetricsSum? tally, CancellationToken stop)
            {
                if (start == end) return;
                using var rows = new OverlapRows(_batch, _scores, _weights, _link);
                for (var part = start; part < end; part++)
                {
                    ofParts.Clear(part);
                    rows.Add(part * PartRows, long.Min((part + 1) * PartRows, _rows), ofParts, part, stop);
                }
            }
        }
        Conclude(0, sums, derivatives, sum);
        if (Writes) SampleSplit.Run(_rows, count, null, WriteRows, cancellation);
        return new(sum);

        void WriteRows(long start, long end, ExactSum unused, MetricsSum? tally, CancellationToken stop)
        {
            if (start == end) return;
            using var rows = new OverlapRows(_batch, _scores, _weights, _link);
            rows.Write(start, end, derivatives, 0, stop);
        }
    }

    /// <summary>Makes losses and derivatives of the sums of a group, and adds the losses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Conclude(long group, ClassTable sums, ClassTable derivatives, ExactSum sum)
    {
        var isCounted = IsCounted(group);
        var outside = derivatives.Get(0, 0);
        var inside = derivatives.Get(0, 1);
        var scale = Divisor == 0 ? Dd.Zero : Dd.One / new Dd(Divisor);
        var weights = _classWeights.Padded.AsSpan();
        Span<double> four = stackalloc double[Lanes.Width];
        for (var c = 0; c < outside.Length; c += Lanes.Width)
        {
            var result = _formula.Score(sums.Get(0, 0)[c], sums.Get(0, 1)[c], sums.Get(0, 2)[c]);
            var weight = isCounted ? new Dd(weights.IsEmpty ? Vector256<double>.One : Vector256.Create<double>(weights[c..])) : Dd.Zero;
            var (value, count) = (result.Value * weight, Math.Min(_classes - c, Lanes.Width));
            value.Lo.CopyTo(four);
            sum.Add(four[..count]);
            value.Hi.CopyTo(four);
            sum.Add(four[..count]);
            _scores.Losses?.Write(group * _classes + c, four[..count]);
            outside.Store(c, result.Outside * weight * scale);
            inside.Store(c, result.Inside * weight * scale);
        }
        if (_scores.Sums is { } posted)
            for (var c = 0; c < _classes; c++)
                posted.Write(OverlapRows.Sums * (group * _classes + c),
                    [sums.Get(0, 0).Hi[c], sums.Get(0, 1).Hi[c], sums.Get(0, 2).Hi[c]]);
    }

    private bool IsCounted(long item)
    {
        var (first, last) = (item * _rows / _items, (item + 1) * _rows / _items);
        return last > first && (_weights.Kept.AreAll || _weights.Kept.ContainsAny(first, last - first));
    }

    private double SumWeights()
    {
        if (_classWeights.AreOne) return _counted * _classes;
        var sum = new ExactSum();
        foreach (var weight in _classWeights.Posted) sum.AddProduct(_counted, weight);
        return sum.Round();
    }

    private static long CountParts(long rows) => (rows + PartRows - 1) / PartRows;
}
