using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>Rows whose targets have been read.</content>
internal sealed unsafe partial class PlainColumns
{
    /// <summary>
    /// Scores rows, stage by stage: the steps of a row depend on each other, those of different rows overlap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score(double* memory, ColumnBlock block, int count, ExactSum sum)
    {
        block.Count = (count + Lanes.Most - 1) & -Lanes.Most;
        (block.HasDoubleTargets, block.HasExactTarget) = (!_haveStoredTargets, _areExact);
        // rows that are missing repeat the last
        for (var i = count; i < block.Count; i++)
        {
            _rows[i] = _rows[count - 1];
            (block.Label[i], block.Surplus[i], block.OfClasses[i]) =
                (block.Label[count - 1], block.Surplus[count - 1], block.OfClasses[count - 1]);
        }
        if (_formula.IsOnLogits) AddUpLogits(memory, block);
        else AddUp(memory, block, count);
        if (_targets.ReadSurplus) FindSurpluses(block);
        var haveDigits = Lanes.HasMost ? Conclude<PlainEight, WideEight>(block) : Conclude<PlainDouble, WideDouble>(block);
        _losses.Add(_rows, _wantLoss & haveDigits, new(block.Even(0), 2 * Most), sum);
        _wantLoss &= ~haveDigits;
        if (_wantGradient != 0) _wantGradient &= ~(haveDigits & Differentiate(memory, block));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddUp(double* memory, in ColumnBlock block, int count)
    {
        if (_areStored) Exponentiate<StoredFloat32>(memory, block);
        else Exponentiate<StoredFloat64>(memory, block);
        if (!_haveTrueClass) ReadTargets(memory, block, count);
        if (block.Weights != null)
            for (var i = 0; i < Rows * _classes; i++) block.Weights[i] = _classWeight[i / Rows];
        if (_stride > Rows * _classes) Pad(block);
        block.Distribute();
        if (!_haveTrueClass) FindWinners(block);
        _formula.AddUpColumns(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadTargets(double* memory, in ColumnBlock block, int count)
    {
        if (_haveStoredTargets) ReadTargets<StoredFloat32>(memory, block, count);
        else if (!_targets.AreHard) ReadTargets<StoredFloat64>(memory, block, count);
        else FindTargets(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Exponentiate<TLogit>(double* memory, in ColumnBlock block) where TLogit : unmanaged, IStoredFloat<TLogit>
    {
        Read<TLogit>(memory, block);
        var z = (TLogit*)block.Logits;
        var e = block.Exponentials;
        for (var i = 0; i < block.Count; i += Rows, z += _stride, e += _stride)
        {
            var (min, max) = (Vector256.Load(block.Min + i), Vector256.Load(block.Max + i));
            SoftmaxColumns<TLogit>.StoreExponentials(z, _classes, min, max, _scale, e).Store(block.Rest + i);
        }
    }

    /// <summary>Stores logits class by class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Read<TLogit>(double* memory, in ColumnBlock block) where TLogit : unmanaged, IStoredFloat<TLogit>
    {
        var rows = stackalloc TLogit*[Rows];
        var z = (TLogit*)block.Logits;
        for (var i = 0; i < block.Count; i += Rows, z += _stride)
        {
            for (var lane = 0; lane < Rows; lane++) rows[lane] = FindLogits<TLogit>(memory, i, lane);
            SoftmaxColumns<TLogit>.Read(rows, _classes, z, out var max).Store(block.Min + i);
            max.Store(block.Max + i);
        }
    }

    /// <summary>The logits of a row; those that are not stored as the loops read them are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLogit* FindLogits<TLogit>(double* memory, int first, int lane) where TLogit : unmanaged, IStoredFloat<TLogit>
    {
        var start = _rows[first + lane] * _classes;
        if (typeof(TLogit) == typeof(StoredFloat32)) return (TLogit*)_predictions.Data + start;
        var logits = memory + Start(Others) + Rows * _classes + lane * _classes;
        _predictions.Read(start, new(logits, _classes));
        return (TLogit*)logits;
    }

    /// <summary>Stores targets class by class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadTargets<TTarget>(double* memory, in ColumnBlock block, int count) where TTarget : unmanaged, IStoredFloat<TTarget>
    {
        var rows = stackalloc TTarget*[Rows];
        var to = (TTarget*)block.Targets;
        // stored rows follow each other
        var stored = (TTarget*)(_haveStoredTargets ? _targets.FindStored(0) : null);
        for (var i = 0; i < block.Count; i += Rows, to += _stride)
        {
            for (var lane = 0; lane < Rows; lane++)
            {
                rows[lane] = stored != null
                    ? stored + _rows[i + lane] * _classes
                    : (TTarget*)(memory + Start(RowTargets)) + int.Min(i + lane, count - 1) * _classes;
            }
            SoftmaxColumns<TTarget>.Read(rows, _classes, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindTargets(in ColumnBlock block)
    {
        var targets = (double*)block.Targets;
        new Span<double>(targets, block.Count / Rows * _stride).Clear();
        for (var i = 0; i < block.Count; i++)
        {
            var label = _targets.FindClass(_rows[i]);
            if (label >= 0) targets[i / Rows * _stride + label * Rows + i % Rows] = 1;
        }
    }

    /// <summary>Adds a class of probability 0.</summary>
    private void Pad(in ColumnBlock block)
    {
        if (block.Weights != null) Vector256<double>.Zero.Store(block.Weights + Rows * _classes);
        for (var i = 0; i < block.Count; i += Rows)
        {
            var classes = block.Classes(i);
            var last = Rows * _classes;
            if (classes.HasDoubles) Vector256.Create(double.NegativeInfinity).Store((double*)classes.Logits + last);
            else Vector128.Create(float.NegativeInfinity).Store((float*)classes.Logits + last);
            Vector256<double>.Zero.Store(classes.Exponentials + last);
            if (classes.HasDoubleTargets) Vector256<double>.Zero.Store((double*)classes.Targets + last);
            else Vector128<float>.Zero.Store((float*)classes.Targets + last);
        }
    }

    /// <summary>
    /// Finds the target of the class of each row that has the largest logit; of equal ones the first that is even, else the first that is
    /// odd.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindWinners(in ColumnBlock block)
    {
        for (var i = 0; i < block.Count; i += Rows) FindWinners(block.Classes(i), block, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindWinners(in PlainClasses classes, in ColumnBlock block, int first)
    {
        var (target, weight) = (Vector256<double>.Zero, Vector256<double>.One);
        if (Lanes.HasMost && classes.Weights == null)
        {
            FindWinners(classes, classes.Count, ref target);
        }
        else
        {
            // a later one replaces those before
            for (var c = classes.Count - Rows; c > 0; c -= 2 * Rows) FindWinner(classes, c, ref target, ref weight);
            for (var c = classes.Count - 2 * Rows; c >= 0; c -= 2 * Rows) FindWinner(classes, c, ref target, ref weight);
        }
        target.Store(block.TargetOfLargest + first);
        weight.Store(block.WeightOfLargest + first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FindWinner(in PlainClasses classes, int start, ref Vector256<double> target, ref Vector256<double> weight)
    {
        var isLargest = Vector256.Equals(Vector256.Load(classes.Exponentials + start), Vector256<double>.One);
        target = Lanes.Select(isLargest, LoadTargets(classes, start), target);
        if (classes.Weights != null) weight = Lanes.Select(isLargest, Vector256.Load(classes.Weights + start), weight);
    }

    /// <summary>The same of two classes at a time, on processors with AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FindWinners(in PlainClasses classes, int end, ref Vector256<double> target)
    {
        var (targets, isFound) = (Vector512.Create(target, target), Vector512<double>.Zero);
        for (var c = end - 2 * Rows; c >= 0; c -= 2 * Rows)
        {
            var isLargest = Vector512.Equals(Vector512.Load(classes.Exponentials + c), Vector512<double>.One);
            var own = classes.HasDoubleTargets
                ? Vector512.Load((double*)classes.Targets + c) : StoredFloat32.LoadEight((StoredFloat32*)classes.Targets + c);
            targets = Lanes.Select(isLargest, own, targets);
            isFound |= isLargest;
        }
        target = Lanes.Select(isFound.GetLower(), targets.GetLower(), targets.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LoadTargets(in PlainClasses classes, int start) => classes.HasDoubleTargets
        ? Vector256.Load((double*)classes.Targets + start)
        : StoredFloat32.Load((StoredFloat32*)classes.Targets + start);
}
