using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <content>Four rows whose targets have been read.</content>
internal sealed unsafe partial class PlainColumns
{
    /// <summary>
    /// Scores rows, stage by stage: the steps of a row depend on each other, those of different rows overlap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score(double* memory, int count)
    {
        // rows that are missing repeat the last
        for (var i = count; i % Rows != 0; i++)
            (_rows[i], _surplus[i], _ofClasses[i]) = (_rows[count - 1], _surplus[count - 1], _ofClasses[count - 1]);
        if (_areStored) Exponentiate<StoredFloat32>(memory, count);
        else Exponentiate<StoredFloat64>(memory, count);
        if (_haveStoredTargets) ReadTargets<StoredFloat32>(memory, count);
        else if (!_targets.AreHard) ReadTargets<StoredFloat64>(memory, count);
        else FindTargets(memory, count);
        for (var i = 0; i < count; i += Rows) FindWinners(Classes(memory, i), i / Rows);
        for (var i = 0; i < count; i += Rows) _formula.AddUp(Classes(memory, i), _softmax[i / Rows], ref _sums[i / Rows]);
        for (var i = 0; i < count; i += Rows) Conclude(memory, i, count);
    }

    private PlainClasses Classes(double* memory, int first)
    {
        var start = first * _classes;
        return new()
        {
            Count = Rows * _classes,
            Logits = _areStored ? (float*)(memory + Start(Logits)) + start : memory + Start(Logits) + start,
            Exponentials = memory + Start(Exponentials) + start,
            Targets = _haveStoredTargets ? (float*)(memory + Start(Targets)) + start : memory + Start(Targets) + start,
            Weights = _isWeighted ? memory + Start(Others) : null,
            Derivatives = memory + Start(Derivatives) + start,
            Sizes = memory + Start(Sizes) + start,
            HasDoubles = !_areStored,
            HasDoubleTargets = !_haveStoredTargets,
            HasExactTarget = _areExact,
        };
    }

    private void Exponentiate<TLogit>(double* memory, int count) where TLogit : unmanaged, IStoredFloat<TLogit>
    {
        var rows = stackalloc TLogit*[Rows];
        var range = stackalloc double[2 * Most];
        var (z, e) = ((nint)(memory + Start(Logits)), (nint)(memory + Start(Exponentials)));
        for (var i = 0; i < count; i += Rows)
        {
            for (var lane = 0; lane < Rows; lane++) rows[lane] = FindLogits<TLogit>(memory, i, lane);
            SoftmaxColumns<TLogit>.Read(rows, _classes, (TLogit*)z + i * _classes, out var max).Store(range + i);
            max.Store(range + Most + i);
        }
        for (var i = 0; i < count; i += Rows)
        {
            var (min, max) = (Vector256.Load(range + i), Vector256.Load(range + Most + i));
            SoftmaxColumns<TLogit>.StoreExponentials(
                (TLogit*)z + i * _classes, _classes, min, max, _scale, (double*)e + i * _classes).Store(range + i);
        }
        for (var i = 0; i < count; i += Rows)
            _softmax[i / Rows] = new(Vector256.Load(range + i), Vector256.Load(range + Most + i), _perUnit);
    }

    /// <summary>The logits of a row; those that are not stored as the loops read them are read.</summary>
    private TLogit* FindLogits<TLogit>(double* memory, int first, int lane) where TLogit : unmanaged, IStoredFloat<TLogit>
    {
        var start = _rows[first + lane] * _classes;
        if (_areStored) return (TLogit*)_predictions.Data + start;
        var logits = memory + Start(Others) + (Rows + lane) * _classes;
        _predictions.Read(start, new(logits, _classes));
        return (TLogit*)logits;
    }

    /// <summary>Stores targets class by class.</summary>
    private void ReadTargets<TTarget>(double* memory, int count) where TTarget : unmanaged, IStoredFloat<TTarget>
    {
        var rows = stackalloc TTarget*[Rows];
        var to = (TTarget*)(memory + Start(Targets));
        for (var i = 0; i < count; i += Rows)
        {
            for (var lane = 0; lane < Rows; lane++)
            {
                rows[lane] = _haveStoredTargets
                    ? (TTarget*)_targets.FindStored(_rows[i + lane])
                    : (TTarget*)(memory + Start(RowTargets)) + int.Min(i + lane, count - 1) * _classes;
            }
            SoftmaxColumns<TTarget>.Read(rows, _classes, to + i * _classes);
        }
    }

    private void FindTargets(double* memory, int count)
    {
        var targets = memory + Start(Targets);
        new Span<double>(targets, Lanes.Padded(count) * _classes).Clear();
        for (var i = 0; i < Lanes.Padded(count); i++)
        {
            var label = _targets.FindClass(_rows[i]);
            if (label >= 0) targets[(i & -Rows) * _classes + label * Rows + i % Rows] = 1;
        }
    }

    /// <summary>
    /// Finds the class of each row that has the largest logit; of equal ones the first that is even, else the first that is odd.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindWinners(in PlainClasses classes, int group)
    {
        var (target, weight) = (Vector256<double>.Zero, Vector256<double>.One);
        var pairs = classes.Count & -(2 * Rows);
        // a later one replaces those before
        if (pairs < classes.Count) FindWinner(classes, pairs, ref target, ref weight);
        if (Lanes.HasMost && !_isWeighted)
        {
            FindWinners(classes, pairs, ref target);
        }
        else
        {
            for (var c = pairs - Rows; c > 0; c -= 2 * Rows) FindWinner(classes, c, ref target, ref weight);
            for (var c = pairs - 2 * Rows; c >= 0; c -= 2 * Rows) FindWinner(classes, c, ref target, ref weight);
        }
        var largest = _softmax[group].ReadLargest(target, classes.HasExactTarget);
        largest.W = PlainDouble.Of(weight);
        _sums[group] = default;
        _formula.FindWinner(largest, ref _sums[group]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FindWinner(in PlainClasses classes, int start, ref Vector256<double> target, ref Vector256<double> weight)
    {
        var isLargest = Vector256.Equals(Vector256.Load(classes.Exponentials + start), Vector256<double>.One);
        target = Lanes.Select(isLargest, LoadTargets(classes, start), target);
        if (_isWeighted) weight = Lanes.Select(isLargest, Vector256.Load(classes.Weights + start), weight);
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

    private void Conclude(double* memory, int first, int count)
    {
        var classes = Classes(memory, first);
        var scale = _losses.GetScales(_rows.AsSpan(first), Vector256.LoadUnsafe(ref _ofClasses[first]));
        var surplus = Vector256.LoadUnsafe(ref _surplus[first]);
        if (_targets.ReadSurplus && Vector256.IsNaN(surplus) != Vector256<double>.Zero) surplus = FindSurplus(classes, surplus);
        ref var sums = ref _sums[first / Rows];
        ref var softmax = ref _softmax[first / Rows];
        var value = _formula.AddSurplus(sums.Total, new Dd(surplus));
        var haveDigits = PlainScore.HaveDigits(value, sums.Size, _arePlain || _targets.AreSmoothed) & softmax.AreDefined;
        AddLosses(first, count, value, scale, haveDigits);
        if (_scores.Gradient is { } gradient && WantsGradient(first, count))
            Differentiate(gradient, memory, first, count, classes, softmax, sums, scale, haveDigits);
    }

    /// <summary>Σt − 1 of each row that has NaN there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<double> FindSurplus(in PlainClasses classes, Vector256<double> surplus)
    {
        // the targets add up to about 1, so a double holds the sum of what rounding takes from their sum
        var (sum, rest) = (-Vector256<double>.One, Vector256<double>.Zero);
        for (var c = 0; c < classes.Count; c += Rows)
        {
            var t = LoadTargets(classes, c);
            var next = sum + t;
            var rounded = next - sum;
            rest += (sum - (next - rounded)) + (t - rounded);
            sum = next;
        }
        return Lanes.Select(Vector256.IsNaN(surplus), sum + rest, surplus);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> LoadTargets(in PlainClasses classes, int start) => classes.HasDoubleTargets
        ? Vector256.Load((double*)classes.Targets + start)
        : StoredFloat32.Load((StoredFloat32*)classes.Targets + start);

    private void AddLosses(int first, int count, Dd value, Dd scale, Vector256<double> haveDigits)
    {
        // overflows as it should
        var loss = Dd.Select(scale.IsZero, Dd.Zero, value * scale);
        var end = int.Min(first + Rows, count);
        for (var i = first; i < end; i++)
        {
            if (haveDigits[i - first] == 0 || (_work[i] & RowWork.Loss) == 0) continue;
            _work[i] &= ~RowWork.Loss;
            (_added[i], _added[Most + i]) = (loss.Hi[i - first], loss.Lo[i - first]);
            _scores.Losses?.Write(_rows[i], _added.AsSpan(i, 1));
        }
    }

    private bool WantsGradient(int first, int count)
    {
        var all = RowWork.None;
        for (var i = first; i < int.Min(first + Rows, count); i++) all |= _work[i];
        return (all & RowWork.Gradient) != 0;
    }

    /// <summary>Writes the gradients; those of rows that are scored again are overwritten then.</summary>
    private void Differentiate(Tensor gradient, double* memory, int first, int count, in PlainClasses classes, in PlainSoftmax softmax,
        in PlainSums sums, Dd scale, Vector256<double> haveDigits)
    {
        var factor = _losses.GetGradientScale(scale).Hi * Vector256.Create(_perUnit);
        var lacking = _formula.Differentiate(classes, softmax, sums, factor, null);
        var isNothing = Vector256.Equals(factor, Vector256<double>.Zero);
        if (isNothing.ExtractMostSignificantBits() != 0)
        {
            for (var c = 0; c < classes.Count; c += Rows)
                Vector256.AndNot(Vector256.Load(classes.Exponentials + c), isNothing).Store(classes.Exponentials + c);
        }
        var areDone = Vector256.AndNot(haveDigits, Vector256.AndNot(lacking, isNothing)).ExtractMostSignificantBits();
        // a row that is missing, or does not want its gradient, has it written to memory that nothing reads
        var unread = memory + Start(Others) + Rows * _classes;
        if (gradient.DType == DType.Float32)
        {
            var to = stackalloc StoredFloat32*[Rows];
            for (var i = 0; i < Rows; i++)
            {
                to[i] = Wants(first + i, count)
                    ? (StoredFloat32*)gradient.Data + _rows[first + i] * _classes
                    : (StoredFloat32*)unread;
            }
            SoftmaxColumns<StoredFloat32>.Write(classes.Exponentials, _classes, Vector256<double>.One, to);
        }
        else
        {
            var to = stackalloc StoredFloat64*[Rows];
            for (var i = 0; i < Rows; i++) to[i] = (StoredFloat64*)unread + i * _classes;
            SoftmaxColumns<StoredFloat64>.Write(classes.Exponentials, _classes, Vector256<double>.One, to);
            for (var i = 0; i < Rows; i++)
                if (Wants(first + i, count)) gradient.Write(_rows[first + i] * _classes, new(to[i], _classes));
        }
        for (var i = first; i < int.Min(first + Rows, count); i++)
            if ((areDone >> (i - first) & 1) != 0) _work[i] &= ~RowWork.Gradient;
    }

    private bool Wants(int i, int count) => i < count && (_work[i] & RowWork.Gradient) != 0;
}
