using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Targets of labels that are the logarithms of a teacher's probabilities: t = exp(l), in double-double.</summary>
/// <param name="posted">The logarithms.</param>
/// <param name="classes">K.</param>
internal sealed class LogTargets(Tensor posted, int classes) : TargetRows
{
    /// <inheritdoc/>
    public override bool HasLogs => true;

    /// <inheritdoc/>
    public override bool AreRows => true;

    /// <inheritdoc/>
    public override bool ArePlain => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget Read(long row, NumberRow<Dd> target)
    {
        var l = target.Hi;
        ReadLogs(row, l);
        var top = Ranking.FindMax(l);
        var rest = -Dd.Expm1(new Dd(l[top]));
        for (var c = 0; c < target.Length; c += Lanes.Width) target.Store(c, Dd.Exp(new Dd(Vector256.LoadUnsafe(ref l[c]))));
        var hard = FindHard(target.Hi);
        return hard >= 0 && target.Lo.IndexOfAnyExcept(0.0) < 0
            ? new(hard) { IsExact = true, SumsToOne = true }
            : new(Soft) { Top = top, Rest = rest };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget ReadPlain(long row, NumberRow<Dd> target)
    {
        target.Lo.Clear();
        var hard = FindTrueClass(row, target.Hi, wantsEntropy: false, out _);
        return new(hard) { IsPlain = hard < 0, IsExact = hard >= 0, SumsToOne = hard >= 0 };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        ReadLogs(row, target);
        var (sum, isHard) = (new TargetEntropy(), true);
        var done = Lanes.HasMost ? Exponentiate<PlainEight>(target, 0, ref sum, ref isHard) : 0;
        Exponentiate<PlainDouble>(target, done, ref sum, ref isHard);
        negatedEntropy = sum.Sum.ToScalar();
        return isHard ? FindHard(target) : Soft;
    }

    /// <summary>Does the classes from <paramref name="start"/> on, as far as there are whole vectors.</summary>
    /// <returns>The first that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Exponentiate<TNumber>(Span<double> target, int start, ref TargetEntropy entropy, ref bool isHard)
        where TNumber : struct, IPlainNumbers<TNumber>
    {
        var (sum, isZero, c) = (entropy, ~TNumber.Zero, start);
        for (; c <= target.Length - TNumber.Count; c += TNumber.Count)
        {
            var l = TNumber.Load(ref target[c]);
            var t = TNumber.ExpOfSum(l, TNumber.Zero);
            sum.Add(t, l);
            // e^l is 1 for an l of −1e-17, too: such a row is soft
            isZero &= l.IsZero | t.IsZero;
            t.StoreNearest(ref target[c]);
        }
        (entropy, isHard) = (sum, isHard && TNumber.GetBits(~isZero) == 0);
        return c;
    }

    /// <inheritdoc/>
    public override int FindLabel(long row, int hard, ReadOnlySpan<double> target) =>
        hard >= 0 ? hard : FindLargest(posted, row, classes);

    /// <inheritdoc/>
    public override bool TryReadLogs(long row, NumberRow<Dd> logs)
    {
        ReadLogs(row, logs.Hi);
        logs.Lo.Clear();
        return true;
    }

    private void ReadLogs(long row, Span<double> target)
    {
        posted.Read(row * classes, target[..classes]);
        target[classes..].Fill(double.NegativeInfinity);
    }
}
