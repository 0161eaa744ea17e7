using System.Runtime.CompilerServices;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Double-doubles for each class, of several kinds and for several groups of rows, each row of classes padded.</summary>
/// <param name="groups">The number of groups.</param>
/// <param name="kinds">The number of kinds.</param>
/// <param name="classes">The number of classes.</param>
/// <param name="budget">What the memory is taken from.</param>
internal sealed class ClassTable(long groups, int kinds, int classes, MemoryBudget? budget) : IDisposable
{
    private readonly int _padded = Lanes.Padded(classes);
    private readonly WorkMemory _memory = new(CountNumbers(groups, kinds, classes), budget);

    /// <summary>The bytes of a table.</summary>
    public static long CountBytes(long groups, int kinds, int classes) => sizeof(double) * CountNumbers(groups, kinds, classes);

    /// <summary>The numbers of a kind of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public NumberRow<Dd> Get(long group, int kind)
    {
        var start = (int)(2 * (group * kinds + kind) * _padded);
        return new(_memory.Span.Slice(start, _padded), _memory.Span.Slice(start + _padded, _padded));
    }

    /// <summary>Sets all numbers of a group to 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Clear(long group)
    {
        for (var kind = 0; kind < kinds; kind++) Get(group, kind).Clear();
    }

    /// <summary>Adds the numbers of a group of another table of the same kinds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long group, ClassTable other, long from)
    {
        for (var kind = 0; kind < kinds; kind++)
        {
            var sum = Get(group, kind);
            var part = other.Get(from, kind);
            for (var c = 0; c < _padded; c += Lanes.Width) sum.Store(c, sum[c] + part[c]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static long CountNumbers(long groups, int kinds, int classes) => 2 * groups * kinds * Lanes.Padded(classes);
}
