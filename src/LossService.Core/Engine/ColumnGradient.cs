using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The gradients of rows of few classes whose derivatives u_c are stored.</summary>
internal static unsafe class ColumnGradient
{
    /// <summary>Writes them in the place of the exponentials, and marks rows as <see cref="ColumnBlock.Lacking"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Write(in ColumnBlock rows)
    {
        for (var i = 0; i < rows.Count; i += ColumnBlock.Rows)
        {
            var (sums, factor, lacking) = (rows.Sums(i), Vector256.Load(rows.Factor + i), Vector256<double>.Zero);
            if (Lanes.HasMost) new PlainGradient<PlainEight>(sums, factor, null).Write(rows.Classes(i), rows.Softmax(i), 0, ref lacking);
            else new PlainGradient<PlainDouble>(sums, factor, null).Write(rows.Classes(i), rows.Softmax(i), 0, ref lacking);
            lacking.Store(rows.Lacking + i);
        }
    }
}
