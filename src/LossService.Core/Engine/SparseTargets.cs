using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Targets of labels that are sparse rows: of each sample, k classes and their probabilities, or the logarithms of these. The other
/// classes have 0, or equal shares of what is left.
/// </summary>
/// <param name="batch">The batch.</param>
/// <param name="values">Its numbers: k of each sample.</param>
/// <param name="classes">K.</param>
internal sealed class SparseTargets(Batch batch, Tensor values, int classes) : TargetRows
{
    private readonly Tensor _indices = batch.LabelIndices!;
    private readonly int _count = values.Shape.Last;
    private readonly bool _areLogs = batch.LabelForm == TargetForm.LogValues;
    private readonly bool _isUniform = batch.Options.Get(SharedOptions.Remainder) == SharedOptions.RemainderUniform;
    private readonly bool _normalizes = batch.NormalizesSparseRows;
    private readonly double[] _posted = new double[values.Shape.Last];

    /// <inheritdoc/>
    public override bool HasLogs => _areLogs;

    /// <inheritdoc/>
    public override bool AreRows => true;

    /// <inheritdoc/>
    public override bool ArePlain => _areLogs || _normalizes || _isUniform;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget Read(long row, NumberRow<Dd> target)
    {
        var top = ReadPosted(row);
        var (sum, others) = Sum(top);
        var share = Share(sum);
        target.Hi[..classes].Fill(share.ToScalar());
        target.Lo[..classes].Fill(share.Lo.ToScalar());
        target.Hi[classes..].Clear();
        target.Lo[classes..].Clear();
        for (var i = 0; i < _count; i++) target.SetOne(Class(row, i), Probability(i, top, sum));
        var hard = FindHard(target.Hi);
        if (hard >= 0 && target.Lo.IndexOfAnyExcept(0.0) < 0) return new(hard) { IsExact = true, SumsToOne = true };
        var rest = _normalizes ? others / sum : _areLogs ? -Dd.Expm1(new Dd(_posted[top])) : Dd.One - new Dd(_posted[top]);
        return new(Soft)
        {
            Top = Class(row, top),
            Rest = rest,
            IsExact = target.Lo.IndexOfAnyExcept(0.0) < 0,
            SumsToOne = _normalizes || (_isUniform && share.ToScalar() != 0),
        };
    }

    /// <inheritdoc/>
    public override int NamedClasses => _isUniform ? 0 : _count;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        var top = ReadPosted(row);
        var (sum, others) = Sum(top);
        var share = Share(sum);
        target[..classes].Fill(share.ToScalar());
        target[classes..].Clear();
        var certain = share.ToScalar() == 0;
        var entropy = Dd.Zero;
        for (var i = 0; i < _count; i++)
        {
            var t = Probability(i, top, sum);
            target[Class(row, i)] = t.ToScalar();
            certain &= IsZeroOrOne(t);
            if (wantsEntropy) entropy += Dd.XLogY(t, Log(i, top, sum, others));
        }
        if (wantsEntropy && share.ToScalar() != 0) entropy += share * Dd.Log(share) * Vector256.Create((double)(classes - _count));
        negatedEntropy = entropy.ToScalar();
        return certain ? FindHard(target) : Soft;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int FindNamed(long row, Span<int> named, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        var top = ReadPosted(row);
        target[_count..].Clear();
        for (var i = 0; i < _count; i++) named[i] = Class(row, i);
        var certain = true;
        if (!_areLogs && !_normalizes)
        {
            _posted.CopyTo(target);
            negatedEntropy = wantsEntropy ? TargetEntropy.Negate(target) : 0;
        }
        else
        {
            var (sum, others) = Sum(top);
            var entropy = Dd.Zero;
            for (var i = 0; i < _count; i++)
            {
                var t = Probability(i, top, sum);
                target[i] = t.ToScalar();
                certain &= IsZeroOrOne(t);
                if (wantsEntropy) entropy += Dd.XLogY(t, Log(i, top, sum, others));
            }
            negatedEntropy = entropy.ToScalar();
        }
        var hard = certain ? FindHard(target) : Soft;
        return hard < 0 ? Soft : named[hard];
    }

    /// <inheritdoc/>
    public override int FindLabel(long row, int hard, ReadOnlySpan<double> target)
    {
        var label = hard >= 0 ? hard : Ranking.FindMax(target);
        if (hard >= 0 || !_areLogs) return label;
        // two logarithms that differ may have the same t
        ReadPosted(row);
        var best = double.NegativeInfinity;
        var first = label;
        for (var i = 0; i < _count; i++)
        {
            var c = Class(row, i);
            if (target[c] != target[first] || _posted[i] < best || (_posted[i] == best && c > label)) continue;
            (best, label) = (_posted[i], c);
        }
        return label;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool TryReadLogs(long row, NumberRow<Dd> logs)
    {
        if (!_areLogs) return false;
        var top = ReadPosted(row);
        var (sum, others) = Sum(top);
        logs.Hi.Fill(double.NegativeInfinity);
        logs.Lo.Clear();
        var share = Share(sum);
        if (share.ToScalar() != 0)
        {
            var log = Dd.Log(share);
            logs.Hi[..classes].Fill(log.ToScalar());
            logs.Lo[..classes].Fill(log.Lo.ToScalar());
        }
        for (var i = 0; i < _count; i++) logs.SetOne(Class(row, i), Log(i, top, sum, others));
        return true;
    }

    private static bool IsZeroOrOne(Dd t) => t.ToScalar() is 0 or 1 && t.Lo.ToScalar() == 0;

    private int Class(long row, int i) => (int)_indices.Integer(row * _count + i);

    /// <summary>Reads the numbers of a row.</summary>
    /// <returns>Where the largest is.</returns>
    private int ReadPosted(long row)
    {
        values.Read(row * _count, _posted);
        return Ranking.FindMax(_posted);
    }

    /// <summary>
    /// The sum of the row's probabilities, and that of all but the largest. Of logarithms that are normalized, both are multiples of the
    /// largest, so that they need not be probabilities.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (Dd Sum, Dd Others) Sum(int top)
    {
        var others = Dd.Zero;
        for (var i = 0; i < _count; i++)
            if (i != top) others += Unscaled(i, top);
        return (Unscaled(top, top) + others, others);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd Unscaled(int i, int top) => !_areLogs ? new Dd(_posted[i])
        : Dd.Exp(_normalizes ? Dd.Difference(Vector256.Create(_posted[i]), Vector256.Create(_posted[top])) : new Dd(_posted[i]));

    private Dd Probability(int i, int top, Dd sum) => _normalizes ? Unscaled(i, top) / sum : Unscaled(i, top);

    /// <summary>ln t of a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd Log(int i, int top, Dd sum, Dd others)
    {
        if (!_areLogs)
            return _normalizes && i == top ? -Dd.Log1p(others / Unscaled(i, top)) : Dd.Log(Probability(i, top, sum));
        if (!_normalizes || double.IsNegativeInfinity(_posted[i])) return new(_posted[i]);
        return Dd.Difference(Vector256.Create(_posted[i]), Vector256.Create(_posted[top])) - Dd.Log1p(others);
    }

    /// <summary>What each class that is not named has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd Share(Dd sum)
    {
        if (!_isUniform || _count == classes) return Dd.Zero;
        var rest = Dd.One - sum;
        return rest.ToScalar() > 0 ? rest / new Dd(classes - _count) : Dd.Zero;
    }
}
