using System.Numerics;
using System.Runtime.CompilerServices;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Options;
using LossService.Core.Outputs;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>Rows of few classes that wait until there are eight, and are scored together in sums of two doubles.</summary>
/// <remarks>Lanes do not interact, so a row's bits depend on that row alone.</remarks>
internal abstract unsafe class WideQueue : IDisposable
{
    protected const int Rows = WideBlock.Rows;

    private const int Line = 64;

    private readonly int _classes;
    private readonly Tensor _predictions;
    private readonly Scores _scores;
    private readonly NativeBuffer _memory;
    private readonly double* _rowMemory;
    private readonly double* _targets;
    private readonly long[] _rows = new long[Rows];
    private readonly List<(long Index, RowWork Work)> _left = [];
    private int _count;

    // a bit for each row
    private uint _wantLoss, _wantGradient;

    protected WideQueue(Batch batch, RowLosses losses, Scores scores)
    {
        (_predictions, _classes) = (batch.Predictions, batch.Predictions.Shape.Last);
        (Losses, _scores, Temperature) = (losses, scores, batch.Options.Get(SharedOptions.Temperature));
        _memory = new((nuint)CountBytes(_classes), batch.Memory);
        var memory = (double*)(((nint)_memory.Address + Line - 1) & -Line);
        Block = new(memory, _classes);
        _rowMemory = memory + WideBlock.CountDoubles(_classes);
        _targets = _rowMemory + Block.Count;
    }

    /// <summary>Whether no row waits.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Whether there is no room for one more.</summary>
    public bool IsFull => _count == Rows;

    /// <summary>T.</summary>
    protected double Temperature { get; }

    /// <summary>What the losses are multiplied by, and where they go.</summary>
    protected RowLosses Losses { get; }

    /// <summary>The rows.</summary>
    protected WideBlock Block { get; }

    /// <summary>The row that is added next.</summary>
    protected int Next => _count;

    /// <summary>Whether the gradient is written as float64.</summary>
    protected bool IsFine => _scores.Gradient is { DType: DType.Float64 };

    /// <summary>The bytes of one for rows of so many classes.</summary>
    public static long CountBytes(int classes) =>
        sizeof(double) * (WideBlock.CountDoubles(classes) + 3L * Rows * classes) + Line;

    /// <summary>Scores rows that wait, adding to the sum.</summary>
    /// <returns>What is left of the work on them.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public List<(long Index, RowWork Work)> Flush(ExactSum sum)
    {
        _left.Clear();
        // rows that are missing repeat the last
        for (var i = _count; i < Rows; i++)
        {
            _rows[i] = _rows[_count - 1];
            Repeat(_count - 1, i);
        }
        ReadLogits();
        var haveDigits = Block.Exponentiate(Temperature);
        haveDigits &= Score();
        AddLosses(_wantLoss & haveDigits, sum);
        var haveGradient = haveDigits;
        if ((_wantGradient & haveDigits) != 0)
        {
            FindFactors();
            haveGradient &= Differentiate();
            WriteGradients(_wantGradient & haveGradient);
        }
        for (var i = 0; i < _count; i++)
        {
            var work = ((_wantLoss & ~haveDigits) >> i & 1) != 0 ? RowWork.Loss : RowWork.None;
            if (((_wantGradient & ~haveGradient) >> i & 1) != 0) work |= RowWork.Gradient;
            if (work != RowWork.None) _left.Add((_rows[i], work));
        }
        (_count, _wantLoss, _wantGradient) = (0, 0, 0);
        return _left;
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Computes the value of each row.</summary>
    /// <returns>A bit for each row that has the digits of a double.</returns>
    protected abstract uint Score();

    /// <summary>Writes the gradients in the place of the exponentials.</summary>
    /// <inheritdoc cref="Score"/>
    protected abstract uint Differentiate();

    /// <summary>What ∂value/∂z is multiplied by, beside the factor of the reduction.</summary>
    protected virtual Dd GetSlope(int row) => Dd.One;

    /// <summary>Copies what is known of a row.</summary>
    protected virtual void Repeat(int row, int to) => Block.Repeat(row, to);

    /// <summary>Adds a row whose numbers have been written.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    /// <param name="scale">What its loss is multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void Add(long index, RowWork work, Dd scale)
    {
        Block.Scale.SetOne(_count, scale);
        if ((work & RowWork.Loss) != 0) _wantLoss |= 1u << _count;
        if ((work & RowWork.Gradient) != 0 && _scores.Gradient is not null) _wantGradient |= 1u << _count;
        _rows[_count++] = index;
    }

    /// <summary>Memory for the target of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected NumberRow<Dd> GetTarget(int row) => new(
        new(_targets + row * _classes, _classes), new(_targets + Block.Count + row * _classes, _classes));

    /// <summary>Stores the targets of all rows class by class.</summary>
    /// <param name="areExact">Whether their second doubles are 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected void ReadTargets(bool areExact)
    {
        var rows = stackalloc double*[Rows];
        for (var i = 0; i < Rows; i++) rows[i] = _targets + i * _classes;
        Block.Read(rows, Block.Targets.Hi);
        if (areExact)
        {
            new Span<double>(Block.Targets.Lo, Block.Count).Clear();
            return;
        }
        for (var i = 0; i < Rows; i++) rows[i] += Block.Count;
        Block.Read(rows, Block.Targets.Lo);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadLogits()
    {
        var rows = stackalloc double*[Rows];
        for (var i = 0; i < Rows; i++)
        {
            rows[i] = (double*)_predictions.Data + _rows[i] * _classes;
            if (_predictions.DType == DType.Float64) continue;
            rows[i] = _rowMemory + i * _classes;
            _predictions.Read(_rows[i] * _classes, new(rows[i], _classes));
        }
        Block.Read(rows, Block.Logs.Hi);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddLosses(uint rows, ExactSum sum)
    {
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            // overflows as it should
            var scale = Block.Scale.Load<Dd>(i);
            Block.Value.Store(i, Dd.Select(scale.IsZero, Dd.Zero, Block.Value.Load<Dd>(i) * scale));
        }
        // the second doubles follow the first
        Losses.Add(_rows, rows, new(Block.Value.Hi, 2 * Rows), sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindFactors()
    {
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            var factor = GetSlope(i) * Losses.GetGradientScale(Block.Scale.Load<Dd>(i));
            if (Temperature != 1) factor /= new Dd(Temperature);
            Block.Factor.Store(i, factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteGradients(uint wanted)
    {
        var gradient = _scores.Gradient!;
        var rows = stackalloc double*[Rows];
        for (var i = 0; i < Rows; i++)
        {
            // a row that does not want its gradient has it written to memory that nothing reads
            rows[i] = IsFine && (wanted >> i & 1) != 0 ? (double*)gradient.Data + _rows[i] * _classes : _rowMemory + i * _classes;
        }
        Block.Write(Block.Exponentials.Hi, rows);
        for (; wanted != 0; wanted &= wanted - 1)
        {
            var i = BitOperations.TrailingZeroCount(wanted);
            if (Block.Factor.Hi[i] == 0) gradient.Clear(_rows[i] * _classes, _classes);
            else if (!IsFine) gradient.Write(_rows[i] * _classes, new(rows[i], _classes));
        }
    }
}
