using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// The targets b_c of <see cref="SoftmaxConclusion"/> for a block of rows: 1 in every class, the class weights, or soft labels.
/// </summary>
/// <param name="loss">What is computed.</param>
/// <param name="classes">K.</param>
/// <param name="memory">Memory for a row, or four short ones, or for a block of rows, each padded.</param>
/// <param name="areRows">Whether each row has its own target.</param>
/// <param name="stored">The targets of all rows of the batch where they are read as they are stored; else null.</param>
/// <param name="areShort">Whether <see cref="Columns"/> is used, else <see cref="Row"/>.</param>
internal sealed unsafe class SoftmaxTargets(
    SoftmaxLoss loss, int classes, double* memory, bool areRows, StoredFloat32* stored, bool areShort)
{
    private readonly int _padded = Lanes.Padded(classes);
    private readonly double* _weights =
        areRows || loss.Smoothing == 0 || loss.ClassWeight.Length == 0 ? null : Fill(loss, classes, memory, areShort);

    /// <summary>Whether each row has its own target.</summary>
    public bool AreRows => areRows;

    /// <summary>Whether targets are read as they are stored.</summary>
    public bool AreStored => stored != null;

    /// <summary>The stored target of a row of the batch.</summary>
    public StoredFloat32* Stored(long index) => stored + index * classes;

    /// <summary>Where to write the labels of a row, padded with zeros.</summary>
    public Span<double> Raw(int row) => new(memory + row * _padded, _padded);

    /// <summary>The target of a row, padded with zeros; null = 1 in every class.</summary>
    public double* Row(int row) => areRows ? memory + row * _padded : _weights;

    /// <summary>Smooths and weighs the labels of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(int row)
    {
        if (loss.Smoothing == 0 && loss.ClassWeight.Length == 0) return;
        var target = memory + row * _padded;
        var (keep, spread, c) = (1 - loss.Smoothing, loss.Smoothing / classes, 0);
        for (; c <= classes - Lanes.Width; c += Lanes.Width)
        {
            var t = Vector256.Load(target + c);
            if (loss.Smoothing != 0) t = Vector256.FusedMultiplyAdd(t, Vector256.Create(keep), Vector256.Create(spread));
            if (loss.ClassWeight.Length > 0) t *= Vector256.LoadUnsafe(ref loss.ClassWeight[c]);
            t.Store(target + c);
        }
        for (; c < classes; c++)
        {
            if (loss.Smoothing != 0) target[c] = Math.FusedMultiplyAdd(target[c], keep, spread);
            if (loss.ClassWeight.Length > 0) target[c] *= loss.ClassWeight[c];
        }
    }

    /// <summary>Copies a row's target to another row.</summary>
    public void Copy(int from, int to)
    {
        if (areRows && stored == null) Raw(from).CopyTo(Raw(to));
    }

    /// <summary>The targets of four rows, class by class; null = 1 in every class.</summary>
    /// <param name="row">The first of the rows.</param>
    /// <param name="columns">Where to.</param>
    public double* Columns(int row, double* columns)
    {
        if (!areRows) return _weights;
        var rows = stackalloc StoredFloat64*[Lanes.Width];
        for (var lane = 0; lane < Lanes.Width; lane++) rows[lane] = (StoredFloat64*)Row(row + lane);
        SoftmaxColumns<StoredFloat64>.Read(rows, classes, (StoredFloat64*)columns);
        return columns;
    }

    /// <summary>The stored targets of four rows, class by class, after <see cref="ReadColumns"/>.</summary>
    /// <param name="row">The first of the rows.</param>
    public StoredFloat32* StoredColumns(int row) => (StoredFloat32*)memory + row * classes;

    /// <summary>Reads them.</summary>
    /// <param name="row">The first of the rows.</param>
    /// <param name="index">Their numbers in the batch.</param>
    public StoredFloat32* ReadColumns(int row, long* index)
    {
        var rows = stackalloc StoredFloat32*[Lanes.Width];
        for (var lane = 0; lane < Lanes.Width; lane++) rows[lane] = Stored(index[lane]);
        SoftmaxColumns<StoredFloat32>.Read(rows, classes, StoredColumns(row));
        return StoredColumns(row);
    }

    private static double* Fill(SoftmaxLoss loss, int classes, double* memory, bool areShort)
    {
        if (areShort)
        {
            for (var c = 0; c < classes; c++) Vector256.Create(loss.ClassWeight[c]).Store(memory + c * Lanes.Width);
            return memory;
        }
        loss.ClassWeight.AsSpan(0, classes).CopyTo(new Span<double>(memory, classes));
        new Span<double>(memory + classes, Lanes.Padded(classes) - classes).Clear();
        return memory;
    }
}
