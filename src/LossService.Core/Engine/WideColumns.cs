using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Options;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>
/// Scores short rows in sums of two doubles as <see cref="WideScorer"/> does long ones, but eight together, with a lane for each row:
/// what is computed once a row took most of the time of a short row.
/// </summary>
/// <remarks>A number of classes is scored by one of both, so a row's bits depend on that row alone.</remarks>
internal sealed class WideColumns : IDisposable
{
    /// <summary>The greatest number of classes for which this is faster.</summary>
    private const int MaxClasses = 64;

    private readonly TargetRows? _labels;
    private readonly TrueClassQueue? _ofTrueClass;
    private readonly ClassSumQueue? _sums;

    public WideColumns(Batch batch, CategoricalFormula formula, TargetRows? labels, double[] classWeight, LogSumExpTerm logSumExp,
        RowLosses losses, Scores scores)
    {
        _labels = labels;
        if (formula.OfTrueClass is { } ofTrueClass && new Smoothing(batch).IsNone && labels is not null)
            _ofTrueClass = new(batch, ofTrueClass, classWeight, formula.ClassFactor, losses, scores);
        if (formula.HasWideColumns && (_ofTrueClass is null || labels is { AreRows: true }))
            _sums = new(batch, formula, classWeight, logSumExp, losses, scores);
    }

    /// <summary>Whether rows of a batch are scored by this; see <see cref="TryAdd"/>.</summary>
    public static bool Serves(Batch batch, CategoricalFormula formula, TargetRows? labels) =>
        WideScorer.Serves(batch, formula) && (formula.HasWideColumns || formula.OfTrueClass is not null)
        && batch.Predictions.Shape.Last is > 1 and <= MaxClasses && !batch.Options.Has(SharedOptions.LogitBias)
        && !new Smoothing(batch).IsByLogits && !(formula.ReadsLogOfTarget && labels is { HasLogs: true });

    /// <summary>The bytes of working memory for rows of so many classes.</summary>
    public static long CountBytes(int classes) => classes > MaxClasses ? 0 : 2 * WideQueue.CountBytes(classes);

    /// <summary>Adds a row to those that wait.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    /// <param name="scratch">Memory for its target.</param>
    /// <param name="full">The rows to flush, if there is no room for one more.</param>
    /// <returns>Whether the row is one of those.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAdd(long index, RowWork work, CategoricalScratch scratch, out WideQueue? full)
    {
        full = null;
        if (_labels is { AreRows: true })
        {
            var target = _labels.ReadWide(index, scratch.Target);
            if (_ofTrueClass is not null && target.Hard >= 0) _ofTrueClass.Add(index, work, target.Hard);
            else if (_sums?.TryAdd(index, work, target, scratch.Target) != true) return false;
        }
        else
        {
            var label = _labels?.FindTrueClass(index, default, wantsEntropy: false, out _) ?? TargetRows.Soft;
            if (_ofTrueClass is not null) _ofTrueClass.Add(index, work, label);
            else if (_sums is not null) _sums.Add(index, work, label);
            else return false;
        }
        full = _ofTrueClass is { IsFull: true } ? _ofTrueClass : _sums is { IsFull: true } ? _sums : null;
        return true;
    }

    /// <summary>Rows that wait, or null.</summary>
    public WideQueue? FindWaiting() => _ofTrueClass is { IsEmpty: false } ? _ofTrueClass : _sums is { IsEmpty: false } ? _sums : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _ofTrueClass?.Dispose();
        _sums?.Dispose();
    }
}
