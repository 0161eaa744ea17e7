using System.Runtime.CompilerServices;
using LossService.Core.Kernels;

namespace LossService.Core.Engine;

/// <content>Rows whose formula compares logits with that of the true class.</content>
internal sealed unsafe partial class PlainColumns
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddUpLogits(double* memory, in ColumnBlock block)
    {
        if (_areStored) Read<StoredFloat32>(memory, block);
        else Read<StoredFloat64>(memory, block);
        if (_stride > Rows * _classes) Pad(block);
        if (_areStored) TakeLabels((float*)block.Logits, block, float.NegativeInfinity);
        else TakeLabels((double*)block.Logits, block, double.NegativeInfinity);
        _formula.AddUpColumns(block);
        for (var i = 0; i < block.Count; i++) block.Exponentials[block.Find(i, block.Label[i])] = block.OfLabel[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeLabels(float* logits, in ColumnBlock block, float none)
    {
        for (var i = 0; i < block.Count; i++)
        {
            ref var own = ref logits[block.Find(i, block.Label[i])];
            (block.LabelLogit[i], own) = (own, none);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeLabels(double* logits, in ColumnBlock block, double none)
    {
        for (var i = 0; i < block.Count; i++)
        {
            ref var own = ref logits[block.Find(i, block.Label[i])];
            (block.LabelLogit[i], own) = (own, none);
        }
    }
}
