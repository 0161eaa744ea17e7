using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <content>In plain double, of rows of few classes, side by side.</content>
internal partial class SumOverClasses<TTerm>
{
    /// <inheritdoc/>
    public sealed override bool HasColumns => true;

    /// <inheritdoc/>
    public sealed override void AddUpColumns(in ColumnBlock rows)
    {
        if (Lanes.HasMost) FindWinners<PlainEight>(rows);
        else FindWinners<PlainDouble>(rows);
        if (rows.HasDoubles) AddUp<StoredFloat64, StoredFloat64>(rows);
        else if (rows.HasDoubleTargets) AddUp<StoredFloat32, StoredFloat64>(rows);
        else AddUp<StoredFloat32, StoredFloat32>(rows);
    }

    /// <inheritdoc/>
    public sealed override void DifferentiateColumns(in ColumnBlock rows)
    {
        if (!TTerm.IsLight) ColumnGradient.Write(rows);
        else if (rows.HasDoubles) Differentiate<StoredFloat64, StoredFloat64>(rows);
        else if (rows.HasDoubleTargets) Differentiate<StoredFloat32, StoredFloat64>(rows);
        else Differentiate<StoredFloat32, StoredFloat32>(rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void FindWinners<TNumber>(in ColumnBlock rows) where TNumber : struct, IPlainNumbers<TNumber>
    {
        for (var i = 0; i < rows.Count; i += TNumber.Count)
        {
            var terms = term.At(rows.ReadLargest<TNumber>(i));
            terms.PDerivative.StoreNearest(ref rows.Winner[i]);
            terms.PSize.StoreNearest(ref rows.WinnerSize[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private unsafe void AddUp<TLogit, TTarget>(in ColumnBlock rows)
        where TLogit : unmanaged, IStored<TLogit>
        where TTarget : unmanaged, IStored<TTarget>
    {
        var results = stackalloc double[PlainSums.Count];
        for (var i = 0; i < rows.Count; i += ColumnBlock.Rows)
        {
            var (classes, softmax) = (rows.Classes(i), rows.Softmax(i));
            var sums = new PlainSums { Winner = Vector256.Load(rows.Winner + i), WinnerSize = Vector256.Load(rows.WinnerSize + i) };
            if (Lanes.HasMost)
            {
                AddUp<PlainEight, TLogit, TTarget>(classes, softmax, sums, 0, classes.Count, results);
            }
            else
            {
                AddUp<PlainDouble, TLogit, TTarget>(classes, softmax, sums, 0, classes.Count, results);
                AddUp<PlainDouble, TLogit, TTarget>(classes, softmax, sums, Lanes.Width, classes.Count, results + Lanes.Width);
            }
            rows.StoreSums(i, results);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private unsafe void Differentiate<TLogit, TTarget>(in ColumnBlock rows)
        where TLogit : unmanaged, IStored<TLogit>
        where TTarget : unmanaged, IStored<TTarget>
    {
        for (var i = 0; i < rows.Count; i += ColumnBlock.Rows)
        {
            var (classes, softmax, sums) = (rows.Classes(i), rows.Softmax(i), rows.Sums(i));
            var (factor, lacking) = (Vector256.Load(rows.Factor + i), Vector256<double>.Zero);
            if (TTerm.IsStep)
            {
                if (Lanes.HasMost) WriteSteps<PlainEight, TTarget>(classes, softmax, sums, factor, null, 0, ref lacking);
                else WriteSteps<PlainDouble, TTarget>(classes, softmax, sums, factor, null, 0, ref lacking);
            }
            else if (Lanes.HasMost) Differentiate<PlainEight, TLogit, TTarget>(classes, softmax, sums, factor, null, 0, ref lacking);
            else Differentiate<PlainDouble, TLogit, TTarget>(classes, softmax, sums, factor, null, 0, ref lacking);
            lacking.Store(rows.Lacking + i);
        }
    }
}
