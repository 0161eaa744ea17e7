using LossService.Core.Tensors;

namespace LossService.Core.Batches;

/// <summary>
/// A categorical batch's labels, whatever their form: class indices or dense rows. Writes a row's target; no loss ever sees
/// which form it had, and a one-hot row is the same as its index, bit for bit.
/// </summary>
internal sealed class TargetRows
{
    /// <summary>What <see cref="Read"/> returns for a row that is not one-hot.</summary>
    public const int Soft = -1;

    private readonly Tensor _labels;
    private readonly int _classes;
    private readonly bool _dense;
    private readonly bool _normalizes;

    /// <summary>Labels for predictions of the given shape; the rank decides what they are.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="predictions">The shape of the predictions.</param>
    /// <param name="normalizes">Whether dense rows are divided by their sums.</param>
    public TargetRows(Tensor labels, Shape predictions, bool normalizes)
    {
        _normalizes = normalizes;
        _labels = labels;
        _classes = predictions.Last;
        _dense = labels.Shape.Rank == predictions.Rank;
    }

    /// <summary>Whether the labels are rows rather than indices.</summary>
    public bool AreDense => _dense;

    /// <summary>Writes row <paramref name="row"/>'s unsmoothed target into <paramref name="target"/>, one number a class.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="target">Receives the target.</param>
    /// <param name="low">If not empty: where the row is divided by its sum, takes what rounding took from each number.</param>
    /// <returns>The class of a one-hot row, or <see cref="Soft"/>.</returns>
    public int Read(long row, Span<double> target, Span<double> low = default)
    {
        if (!_dense)
        {
            var label = (int)_labels.Integer(row);
            target.Clear();
            target[label] = 1;
            return label;
        }
        _labels.Read(row * _classes, target);
        if (_normalizes) Normalize(target, low);
        var hard = target.IndexOfAnyExcept(0.0);
        return hard >= 0 && target[hard] == 1 && target[(hard + 1)..].IndexOfAnyExcept(0.0) < 0 ? hard : Soft;
    }

    /// <summary>The class of a row that has one true class, or <see cref="Soft"/>; may use <paramref name="target"/>.</summary>
    public int TrueClass(long row, Span<double> target) => _dense ? Read(row, target) : (int)_labels.Integer(row);

    private static void Normalize(Span<double> row, Span<double> low)
    {
        low.Clear();
        // Neumaier's sum
        var (sum, rest) = (0.0, 0.0);
        foreach (var t in row)
        {
            var next = sum + t;
            rest += sum >= t ? sum - next + t : t - next + sum;
            sum = next;
        }
        var total = sum + rest;
        rest += sum - total;
        if (total == 1 && rest == 0) return;
        for (var c = 0; c < row.Length; c++)
        {
            var quotient = row[c] / total;
            if (!low.IsEmpty) low[c] = (Math.FusedMultiplyAdd(-quotient, total, row[c]) - quotient * rest) / total;
            row[c] = quotient;
        }
    }
}
