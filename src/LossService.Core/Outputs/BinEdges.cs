using System.Runtime.CompilerServices;

namespace LossService.Core.Outputs;

/// <summary>The edges of bins of equal width from 0 to 1, as rounded doubles.</summary>
/// <param name="count">The number of bins.</param>
internal sealed class BinEdges(int count)
{
    private readonly double[] _edges = [.. Enumerable.Range(0, count + 1).Select(i => (double)i / count)];

    /// <summary>The number of bins.</summary>
    public int Count => count;

    /// <summary>The start of a bin; the end of the one before it.</summary>
    public double this[int i] => _edges[i];

    /// <summary>The bin whose edges enclose the confidence. The product alone may miss it by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(double confidence)
    {
        var i = Math.Min((int)(confidence * count), count - 1);
        if (confidence < _edges[i]) return i - 1;
        return i + 1 < count && confidence >= _edges[i + 1] ? i + 1 : i;
    }
}
