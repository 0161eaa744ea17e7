using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>The first stage of the softmax kernel: minima, maxima, exponentials and sums of a block of rows.</summary>
/// <param name="batch">The batch.</param>
/// <param name="loss">What is computed.</param>
/// <param name="scratch">Where to.</param>
/// <param name="targets">The targets of the rows.</param>
/// <param name="sparse">The same, where rows name classes.</param>
/// <param name="hasSpread">Whether targets are spread over the classes.</param>
internal sealed unsafe class SoftmaxReader<TElement>(
    Batch batch, SoftmaxLoss loss, SoftmaxScratch scratch, SoftmaxTargets targets, SparseBlock? sparse, bool hasSpread)
    where TElement : unmanaged, IStoredFloat<TElement>
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly TElement* _predictions = (TElement*)batch.Predictions.Data;
    private readonly ExponentialScale _scale = new(loss.Temperature);
    private readonly BiasedSoftmax? _biased = loss.Bias.Length == 0 ? null : new(loss.Temperature, loss.Bias);
    private BiasFactors? _factors;

    private BiasFactors Factors => _factors ??= new(loss.Temperature, loss.Bias, _classes);

    /// <summary>Receives the exponentials: row after row, each padded; of short rows, four rows after four rows, class by class.</summary>
    public required double* Exponentials { get; init; }

    /// <summary>Memory for a block of short rows of logits.</summary>
    public required double* Logits { get; init; }

    /// <summary>Memory for four short rows of targets.</summary>
    public required double* Columns { get; init; }

    /// <summary>Memory for a row, or four short rows, of z/T + b; unused without a bias.</summary>
    public required double* Scores { get; init; }

    /// <summary>The doubles of <see cref="Scores"/>.</summary>
    public static nuint CountScores(SoftmaxLoss loss, int classes, bool isShort) =>
        loss.Bias.Length == 0 ? 0 : (nuint)(isShort ? Lanes.Width * classes : Lanes.Padded(classes));

    /// <summary>Reads the first <paramref name="count"/> rows of the block, four short rows at a time.</summary>
    public void ReadColumns(int count)
    {
        if (sizeof(TElement) == sizeof(ushort)) ReadColumns<StoredFloat32>(count);
        else ReadColumns<TElement>(count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ReadColumns<TColumn>(int count) where TColumn : unmanaged, IStoredFloat<TColumn>
    {
        // the last four rows are filled up with copies of the last row, which get the same results
        for (var i = count; i % Lanes.Width != 0; i++)
        {
            (scratch.Index[i], scratch.Class[i]) = (scratch.Index[i - 1], scratch.Class[i - 1]);
            (scratch.Weight[i], scratch.ClassWeight[i]) = (scratch.Weight[i - 1], scratch.ClassWeight[i - 1]);
            scratch.NegatedEntropy[i] = scratch.NegatedEntropy[i - 1];
            targets.Copy(i - 1, i);
        }
        var rows = stackalloc TElement*[Lanes.Width];
        var stride = Lanes.Width * _classes;
        var e = Exponentials;
        var z = (TColumn*)Logits;
        var column = z;
        for (var i = 0; i < count; i += Lanes.Width, column += stride)
        {
            scratch.Locate(i, _predictions, _classes, rows);
            SoftmaxColumns<TColumn>.Read(rows, _classes, column, out var max).Store(scratch.Min + i);
            max.Store(scratch.Max + i);
            var y = scratch.Class + i;
            var label = scratch.Label + i;
            for (var lane = 0; lane < Lanes.Width; lane++) label[lane] = TColumn.ToDouble(column[y[lane] * Lanes.Width + lane]);
        }
        for (var i = 0; i < count; i += Lanes.Width, z += stride, e += stride)
        {
            if (_biased is null) StoreColumns(i, z, e);
            else StoreColumns(_biased, i, z, e);
            var y = scratch.Class + i;
            var own = scratch.Own + i;
            for (var lane = 0; lane < Lanes.Width; lane++) own[lane] = e[y[lane] * Lanes.Width + lane];
            if (!loss.IsSquaredError) continue;
            for (var lane = 0; lane < Lanes.Width; lane++) e[y[lane] * Lanes.Width + lane] = 0;
            SquaredErrors<TElement>.SumColumns(e, _classes).Store(scratch.Share + i);
        }
    }

    /// <summary>Reads the first <paramref name="count"/> rows of the block, one row at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void ReadRows(int count)
    {
        var e = Exponentials;
        for (var i = 0; i < count; i++, e += Lanes.Padded(_classes))
        {
            var row = _predictions + scratch.Index[i] * _classes;
            if (_biased is null) StoreRow(i, row, e);
            else StoreRow(_biased, i, row, e);
            scratch.Own[i] = e[scratch.Class[i]];
            if (!loss.IsSquaredError) continue;
            e[scratch.Class[i]] = 0;
            scratch.Share[i] = SquaredErrors<TElement>.Sum(e, _classes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StoreColumns<TColumn>(int i, TColumn* z, double* e) where TColumn : unmanaged, IStoredFloat<TColumn>
    {
        var max = Vector256.Load(scratch.Max + i);
        SoftmaxColumns<TColumn>.StoreExponentials(z, _classes, Vector256.Load(scratch.Min + i), max, _scale, e).Store(scratch.Rest + i);
        if (hasSpread) SumColumns(i, z, max);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreColumns<TColumn>(BiasedSoftmax biased, int i, TColumn* z, double* e)
        where TColumn : unmanaged, IStoredFloat<TColumn>
    {
        // a float64 result needs more digits than products have
        var areServed = loss.IsFloat64 ? Vector256<double>.Zero
            : Factors.Serve(Vector256.Load(scratch.Min + i), Vector256.Load(scratch.Max + i));
        var bits = areServed.ExtractMostSignificantBits();
        if (bits == 0xF)
        {
            StoreProducts(i, z, areServed, e);
        }
        else
        {
            var found = default(BiasedColumns);
            if (bits != 0) found = StoreProducts(z, i, Columns);
            StoreScores(biased, i, z, e);
            if (bits != 0) Replace(i, z, found, areServed, Columns, e);
        }
        if (hasSpread) SumColumns(i, (StoredFloat64*)Scores, Vector256<double>.Zero);
    }

    private BiasedColumns StoreProducts<TColumn>(TColumn* z, int i, double* e)
        where TColumn : unmanaged, IStoredFloat<TColumn> => Factors.StoreColumns(
        z, _classes, Vector256.Load(scratch.Max + i), Vector256.Load(scratch.Label + i), scratch.Class + i, e);

    private void StoreProducts<TColumn>(int i, TColumn* z, Vector256<double> areServed, double* e)
        where TColumn : unmanaged, IStoredFloat<TColumn> =>
        Replace(i, z, StoreProducts(z, i, e), areServed, e, e);

    /// <summary>Replaces what is known of the rows that products serve.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Replace<TColumn>(
        int i, TColumn* z, in BiasedColumns found, Vector256<double> areServed, double* products, double* e)
        where TColumn : unmanaged, IStoredFloat<TColumn>
    {
        Replace(found.Rest, scratch.Rest + i);
        Replace(found.Max, scratch.Min + i);
        Replace(found.Max, scratch.Max + i);
        Replace(found.MaxError, scratch.MaxError + i);
        Replace(found.Label, scratch.Label + i);
        Replace(found.LabelError, scratch.LabelError + i);
        if (products != e)
            for (var c = 0; c < _classes * Lanes.Width; c += Lanes.Width) Replace(Vector256.Load(products + c), e + c);
        if (hasSpread) Factors.StoreColumnDifferences(z, _classes, found, areServed, Scores);

        void Replace(Vector256<double> own, double* to) => Lanes.Select(areServed, own, Vector256.Load(to)).Store(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreScores<TColumn>(BiasedSoftmax biased, int i, TColumn* z, double* e)
        where TColumn : unmanaged, IStoredFloat<TColumn>
    {
        biased.FindColumns(z, _classes, Scores, e, out var max, out var maxError).Store(scratch.Min + i);
        max.Store(scratch.Max + i);
        maxError.Store(scratch.MaxError + i);
        for (var lane = 0; lane < Lanes.Width; lane++)
        {
            var own = scratch.Class[i + lane] * Lanes.Width + lane;
            (scratch.Label[i + lane], scratch.LabelError[i + lane]) = (Scores[own], e[own]);
        }
        BiasedSoftmax.StoreColumns(Scores, e, _classes, max, maxError).Store(scratch.Rest + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumColumns<TStored>(int i, TStored* z, Vector256<double> max) where TStored : unmanaged, IStoredFloat<TStored>
    {
        var gaps = targets.AreStored
            ? SoftmaxColumns<TStored>.SumGaps(z, _classes, max, targets.ReadColumns(i, scratch.Index + i), out var share)
            : SoftmaxColumns<TStored>.SumGaps(z, _classes, max, (StoredFloat64*)targets.Columns(i, Columns), out share);
        gaps.Store(scratch.Gaps + i);
        share.Store(scratch.Share + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    private void StoreRow(int i, TElement* row, double* e)
    {
        var (min, max) = TElement.FindMinMax(row, _classes);
        (scratch.Min[i], scratch.Max[i]) = (min, max);
        scratch.Label[i] = TElement.ToDouble(row[scratch.Class[i]]);
        scratch.Rest[i] = SoftmaxKernel<TElement>.StoreExponentials(row, _classes, min, max, _scale, e);
        if (hasSpread) Sum(i, row, max);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void StoreRow(BiasedSoftmax biased, int i, TElement* row, double* e)
    {
        if (!loss.IsFloat64 && TryStoreRow(i, row, e)) return;
        var range = biased.Find(row, _classes, Scores, e);
        (scratch.Min[i], scratch.Max[i], scratch.MaxError[i]) = range;
        var y = scratch.Class[i];
        (scratch.Label[i], scratch.LabelError[i]) = (Scores[y], e[y]);
        scratch.Rest[i] = BiasedSoftmax.StoreExponentials(Scores, e, _classes, range);
        if (hasSpread) Sum(i, (StoredFloat64*)Scores, 0);
    }

    /// <summary>The same by products; false where those may lack digits. A float64 result needs more than they have.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryStoreRow(int i, TElement* row, double* e)
    {
        var (min, max) = TElement.FindMinMax(row, _classes);
        if (!Factors.Serve(min, max)) return false;
        var found = Factors.Store(row, _classes, max, scratch.Class[i], e);
        (scratch.Rest[i], scratch.Max[i], scratch.MaxError[i], scratch.Label[i], scratch.LabelError[i]) = found;
        scratch.Min[i] = found.Max;
        if (!hasSpread) return true;
        Factors.StoreDifferences(row, _classes, found, Scores);
        Sum(i, (StoredFloat64*)Scores, 0);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sum<TStored>(int i, TStored* row, double max) where TStored : unmanaged, IStoredFloat<TStored> =>
        (scratch.Gaps[i], scratch.Share[i]) = sparse is not null ? sparse.SumGaps(i, row, max)
            : targets.AreStored ? SoftmaxKernel<TStored>.SumGaps(row, _classes, max, targets.Stored(scratch.Index[i]))
            : SoftmaxKernel<TStored>.SumGaps(row, _classes, max, (StoredFloat64*)targets.Row(i));
}
