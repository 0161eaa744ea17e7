using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Targets of labels that are a teacher's logits: t = softmax(z/T).</summary>
/// <param name="logits">The teacher's logits.</param>
/// <param name="classes">K.</param>
/// <param name="temperature">T.</param>
internal sealed unsafe class TeacherTargets(Tensor logits, int classes, double temperature) : TargetRows
{
    private readonly ExponentialScale _scale = new(temperature);
    // an exponential below has lost digits already
    private const double LeastUsual = -700;

    private readonly TeacherKernel _kernel = TeacherKernel.Create(logits.DType);

    /// <inheritdoc/>
    public override bool HasLogs => true;

    /// <inheritdoc/>
    public override bool AreRows => true;

    /// <summary>The difference of two logits may overflow where a part of it, divided by T, does not.</summary>
    private double Parts => temperature > 1 ? 0.25 : 1;

    /// <inheritdoc/>
    public override bool ArePlain => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget Read(long row, NumberRow<Dd> target)
    {
        var top = ReadShifted(row, target);
        if (top.IsCertain) return Certain(top.Class, target);
        var sum = Dd.Zero;
        for (var c = 0; c < target.Length; c += Lanes.Width)
        {
            var e = Dd.Exp(target[c]);
            target.Store(c, e);
            // the largest's e is exactly 1; in the sum it would cost the others their low digits
            sum += Dd.Select(Lanes.LaneIs(top.Class - c), Dd.Zero, e);
        }
        sum = Dd.SumOfLanes(sum);
        if (sum.ToScalar() == 0) return Certain(top.Class, target);
        var scale = Dd.One / (Dd.One + sum);
        for (var c = 0; c < target.Length; c += Lanes.Width) target.Store(c, target[c] * scale);
        return new(Soft) { Top = top.Class, Rest = sum * scale, SumsToOne = true };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget ReadWide(long row, NumberRow<Dd> target)
    {
        var top = ReadLogits(row, target.Hi);
        if (top.IsCertain) return Certain(top.Class, target);
        var (sum, max) = (default(WideSum), target.Hi[top.Class]);
        var done = Lanes.HasMost ? Exponentiate<WideEight>(target, top.Class, max, 0, ref sum) : 0;
        Exponentiate<WideDouble>(target, top.Class, max, done, ref sum);
        var others = sum.Total;
        if (others.ToScalar() == 0) return Certain(top.Class, target);
        var scale = Dd.One / (Dd.One + others);
        done = Lanes.HasMost ? Scale<WideEight>(target, scale, 0) : 0;
        Scale<WideDouble>(target, scale, done);
        return new(Soft) { Top = top.Class, Rest = others * scale, SumsToOne = true, IsWide = true };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override RowTarget ReadPlain(long row, NumberRow<Dd> target)
    {
        target.Lo.Clear();
        var hard = FindTrueClass(row, target.Hi, wantsEntropy: false, out _);
        return new(hard) { IsPlain = hard < 0, IsExact = hard >= 0, SumsToOne = true };
    }

    /// <inheritdoc/>
    public override int FindTrueClass(long row, Span<double> target, bool wantsEntropy, out double negatedEntropy)
    {
        fixed (double* t = target)
        {
            var rest = _kernel.Fill(logits.At(row * classes), classes, _scale, t, wantsEntropy, out negatedEntropy);
            if (rest > 0) return Soft;
            if (rest == 0) return target.IndexOf(1.0);
        }
        logits.Read(row * classes, target[..classes]);
        var certain = target[..classes].IndexOf(double.PositiveInfinity);
        target.Clear();
        target[certain] = 1;
        return certain;
    }

    /// <inheritdoc/>
    public override int FindLabel(long row, int hard, ReadOnlySpan<double> target) =>
        hard >= 0 ? hard : FindLargest(logits, row, classes);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override bool TryReadLogs(long row, NumberRow<Dd> logs)
    {
        var top = ReadShifted(row, logs);
        if (top.IsCertain) return false;
        var sum = Dd.Zero;
        for (var c = 0; c < logs.Length; c += Lanes.Width)
            sum += Dd.Select(Lanes.LaneIs(top.Class - c), Dd.Zero, Dd.Exp(logs[c]));
        var log = Dd.Log1p(Dd.SumOfLanes(sum));
        for (var c = 0; c < logs.Length; c += Lanes.Width) logs.Store(c, logs[c] - log);
        return true;
    }

    /// <summary>Does the classes from <paramref name="start"/> on, as far as there are whole vectors; adds all but the largest.</summary>
    /// <returns>The first class that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private int Exponentiate<TNumber>(NumberRow<Dd> target, int largest, double max, int start, ref WideSum sum)
        where TNumber : struct, IWideNumbers<TNumber>
    {
        ref var z = ref MemoryMarshal.GetReference(target.Hi);
        var (isDivided, parts) = (temperature != 1, Parts);
        var (unit, shift, divisor) = (TNumber.Of(parts), TNumber.Of(max * parts), TNumber.Of(temperature * parts));
        var (least, lowest) = (TNumber.Of(LeastUsual), TNumber.Of(double.MinValue));
        var (own, other, c) = (TNumber.Zero, TNumber.Zero, start);
        for (; c <= target.Length - TNumber.Count; c += TNumber.Count)
        {
            var logits = TNumber.Load(ref Unsafe.Add(ref z, c));
            var d = isDivided ? (logits * unit - shift) / divisor : logits - shift;
            // −∞ has no second double
            if (TNumber.GetBits(TNumber.LessThan(least, d)) != (1u << TNumber.Count) - 1)
                d = TNumber.Select(TNumber.LessThan(d, lowest), TNumber.Of(double.NegativeInfinity), d);
            var e = TNumber.FineExpOfDifference(d);
            target.StoreNormalized(c, e);
            if ((uint)(largest - c) < (uint)TNumber.Count) e = TNumber.Select(TNumber.LaneIs(largest - c), TNumber.Zero, e);
            if (TNumber.Count == Lanes.Most) own += e;
            else (own, other) = (other, own + e);
        }
        sum.AddRun(c, own, other);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Scale<TNumber>(NumberRow<Dd> target, Dd scale, int start) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (factor, c) = (scale.Spread<TNumber>(), start);
        for (; c <= target.Length - TNumber.Count; c += TNumber.Count) target.Store(c, target.Load<TNumber>(c) * factor);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static RowTarget Certain(int label, NumberRow<Dd> target)
    {
        target.Hi.Clear();
        target.Lo.Clear();
        target.Hi[label] = 1;
        return new(label) { IsExact = true, SumsToOne = true };
    }

    /// <summary>Reads a row.</summary>
    /// <returns>A class with the largest logit, and whether that is +∞, so that it has all the probability.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Class, bool IsCertain) ReadLogits(long row, Span<double> z)
    {
        logits.Read(row * classes, z[..classes]);
        z[classes..].Fill(double.NegativeInfinity);
        var k = Ranking.FindMax(z);
        return (k, double.IsPositiveInfinity(z[k]));
    }

    /// <summary>Writes (z − max z)/T of a row.</summary>
    /// <returns>A class with the largest logit, and whether that is +∞, so that it has all the probability.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int Class, bool IsCertain) ReadShifted(long row, NumberRow<Dd> shifted)
    {
        var z = shifted.Hi;
        var (k, isCertain) = ReadLogits(row, z);
        if (isCertain) return (k, true);
        var unit = Vector256.Create(Parts);
        var max = Vector256.Create(z[k]) * unit;
        for (var c = 0; c < z.Length; c += Lanes.Width)
        {
            var d = Dd.Difference(Vector256.LoadUnsafe(ref z[c]) * unit, max);
            if (temperature != 1) d /= Vector256.Create(temperature) * unit;
            shifted.Store(c, d);
        }
        return (k, false);
    }
}
