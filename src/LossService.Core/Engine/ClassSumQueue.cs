using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Batches;
using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>Rows of few classes whose value is a sum over the classes.</summary>
/// <param name="batch">The batch.</param>
/// <param name="formula">The formula.</param>
/// <param name="classWeight">The class weights; empty = all are 1.</param>
/// <param name="logSumExp">A term beside it.</param>
/// <param name="losses">What the losses are multiplied by, and where they go.</param>
/// <param name="scores">Where the gradients go.</param>
internal sealed unsafe class ClassSumQueue(
    Batch batch, CategoricalFormula formula, double[] classWeight, LogSumExpTerm logSumExp, RowLosses losses, Scores scores)
    : WideQueue(batch, losses, scores)
{
    private readonly int _classes = batch.Predictions.Shape.Last;
    private readonly Smoothing _smoothing = new(batch);
    private readonly int[] _labels = new int[Rows];
    private bool _areRows, _areExact;

    /// <summary>Adds a row of one true class, or of none.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    /// <param name="label">Its class, or −1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long index, RowWork work, int label)
    {
        _labels[Next] = label;
        _areRows = false;
        Add(index, work, new(label) { IsExact = true }, default);
    }

    /// <summary>Adds a row, if the arithmetic has the digits for it.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="work">What is wanted: its loss, its gradient, or both.</param>
    /// <param name="target">What is known of its target.</param>
    /// <param name="numbers">Its target, not smoothed.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAdd(long index, RowWork work, in RowTarget target, NumberRow<Dd> numbers)
    {
        if (_smoothing.IsNone && formula.ReadsLogOfTarget && WideScorer.HasTiny(numbers.Hi)) return false;
        var own = GetTarget(Next);
        numbers.Hi[.._classes].CopyTo(own.Hi);
        if (target.IsExact) own.Lo.Clear();
        else numbers.Lo[.._classes].CopyTo(own.Lo);
        _areExact = target.IsExact && (_areExact || IsEmpty);
        _areRows = true;
        Add(index, work, target, numbers.Hi);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(long index, RowWork work, in RowTarget target, ReadOnlySpan<double> numbers)
    {
        var row = Next;
        Block.Top[row] = _smoothing.IsNone ? target.Top : -1;
        Block.Rest.SetOne(row, target.Rest);
        Block.Rounding[row] = _smoothing.IsNone && target.IsExact ? 0 : 1;
        Block.Surplus.Hi[row] = target.Hard < 0 && formula.NeedsSurplus && !target.SumsToOne ? 1 : 0;
        if (!logSumExp.IsZero) Block.Weight.SetOne(row, logSumExp.GetFactor(target.Hard, numbers));
        Add(index, work, Losses.GetScale(index, target.Hard, numbers));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Repeat(int row, int to)
    {
        base.Repeat(row, to);
        _labels[to] = _labels[row];
        if (!_areRows) return;
        GetTarget(row).Hi.CopyTo(GetTarget(to).Hi);
        GetTarget(row).Lo.CopyTo(GetTarget(to).Lo);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override uint Score()
    {
        if (_areRows) ReadTargets(_areExact);
        else FindTargets();
        if (formula.NeedsSurplus)
        {
            if (Lanes.HasMost) FindSurplus<WideEight>();
            else FindSurplus<WideDouble>();
        }
        if (!_smoothing.IsNone) _smoothing.Apply(Block);
        formula.AddUpWideColumns(Block, classWeight);
        var haveDigits = 0u;
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            var (value, size) = (Block.Value.Load<Dd>(i), Vector256.Load(Block.Size + i));
            if (formula.NeedsSurplus) value = formula.AddSurplus(value, Block.Surplus.Load<Dd>(i));
            if (!logSumExp.IsZero) (value, size) = AddLogSumExp(i, value, size);
            Block.Value.Store(i, value);
            haveDigits |= WideScore.HaveDigits(value, size).ExtractMostSignificantBits() << i;
        }
        return haveDigits;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override uint Differentiate()
    {
        for (var i = 0; i < Rows; i++)
        {
            var k = WideBlock.Find(i, (int)Block.Largest[i]);
            Block.Derivatives.Copy(k, Block.Own, i);
            Block.Size[i] = Block.Sizes[k];
        }
        for (var i = 0; i < Rows && !logSumExp.IsZero; i += Lanes.Width)
        {
            Block.OtherDerivatives.Store(i, Block.OtherDerivatives.Load<Dd>(i) - Block.Slope.Load<Dd>(i));
            (Vector256.Load(Block.DerivativeSize + i) + Vector256.Load(Block.SlopeSize + i)).Store(Block.DerivativeSize + i);
        }
        var leastPart = IsFine ? IWideNumbers<WideDouble>.FinePart : IWideNumbers<WideDouble>.NarrowPart;
        var haveDigits = Lanes.HasMost ? Combine<WideEight>(leastPart) : Combine<WideDouble>(leastPart);
        var haveLargest = 0u;
        for (var i = 0; i < Rows; i += Lanes.Width) haveLargest |= FindLargest(i, leastPart) << i;
        for (var i = 0; i < Rows; i++) Block.Exponentials.Hi[WideBlock.Find(i, (int)Block.Largest[i])] = Block.Own.Hi[i];
        return haveDigits & haveLargest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindTargets()
    {
        new Span<double>(Block.Targets.Hi, 2 * Block.Count).Clear();
        for (var i = 0; i < Rows; i++)
            if (_labels[i] >= 0) Block.Targets.Hi[WideBlock.Find(i, _labels[i])] = 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (Dd Value, Vector256<double> Size) AddLogSumExp(int row, Dd value, Vector256<double> size)
    {
        var (factor, log) = (Block.Weight.Load<Dd>(row), Block.Log.Load<Dd>(row));
        var max = new Dd(Vector256.Load(Block.Max + row)) / new Dd(Temperature);
        // logsumexp is a sum that may cancel
        var (all, allSize) = (log + max, log.Hi + Vector256.Abs(max.Hi));
        Block.Slope.Store(row, LogSumExpTerm.TimesOrZero(factor, all + all));
        (factor.Hi * allSize * Vector256.Create(2.0)).Store(Block.SlopeSize + row);
        return (value + LogSumExpTerm.TimesOrZero(factor, Dd.Square(all)), size + factor.Hi * allSize * allSize);
    }

    /// <summary>(Σt − 1)(1 − α) of rows that read it: the error of their rounding, after smoothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void FindSurplus<TNumber>() where TNumber : struct, IWideNumbers<TNumber>
    {
        var keep = _smoothing.Keep.Spread<TNumber>();
        for (var i = 0; i < Rows; i += TNumber.Count)
        {
            // the second doubles of a small sum are rounded less
            var (one, two, three, four) = (TNumber.Zero, TNumber.Zero, TNumber.Zero, TNumber.Zero);
            for (var c = 0; c < _classes; c++)
                (one, two, three, four) = (two, three, four, one + Block.Targets.Load<TNumber>(WideBlock.Find(i, c)));
            var surplus = (one + two + (three + four) - TNumber.One) * keep;
            var isNotRead = TNumber.Load(in Block.Surplus.Hi[i]).IsZero;
            Block.Surplus.Store(i, TNumber.Select(isNotRead, TNumber.Zero, surplus));
        }
    }

    /// <summary>Writes (u_c − p_c·(Σu − λ))·factor of every class; see <see cref="WideSoftmax.TryCombine"/>.</summary>
    /// <returns>A bit for each row of which all results but that of the class k have their digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private uint Combine<TNumber>(double leastPart) where TNumber : struct, IWideNumbers<TNumber>
    {
        var (haveDigits, least) = (0u, TNumber.Of(WideSoftmax.LeastDerivative));
        for (var i = 0; i < Rows; i += TNumber.Count)
        {
            var (inverse, factor) = (Block.Inverse.Load<TNumber>(i), Block.Factor.Load<TNumber>(i));
            var total = Block.Own.Load<TNumber>(i) + Block.OtherDerivatives.Load<TNumber>(i);
            var (all, largest) = (TNumber.Load(in Block.DerivativeSize[i]), TNumber.Load(in Block.Largest[i]));
            var lacks = TNumber.Zero;
            for (var c = 0; c < _classes; c++)
            {
                var at = WideBlock.Find(i, c);
                var p = Block.Exponentials.Load<TNumber>(at) * inverse;
                var g = Block.Derivatives.Load<TNumber>(at) - p * total;
                var size = TNumber.Load(in Block.Sizes[at]) + p * all;
                var product = g * factor;
                product.StoreNearest(ref Block.Exponentials.Hi[at]);
                var isLost = TNumber.IsLost(g, size, leastPart) | TNumber.LessThan(TNumber.Abs(g), least) | ~product.IsFinite;
                lacks |= isLost & ~p.IsZero & ~TNumber.IsEqual(largest, TNumber.Of(c));
            }
            // of a sample that weighs nothing, all are 0
            haveDigits |= TNumber.GetBits(~lacks | factor.IsZero) << i;
        }
        return haveDigits;
    }

    /// <summary>Finds those of the class k; returns a bit for each that has its digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private uint FindLargest(int row, double leastPart)
    {
        var (inverse, q, factor) = (Block.Inverse.Load<Dd>(row), Block.Others.Load<Dd>(row), Block.Factor.Load<Dd>(row));
        var (own, ownSize) = (Block.Own.Load<Dd>(row), Vector256.Load(Block.Size + row));
        var g = own * q - inverse * Block.OtherDerivatives.Load<Dd>(row);
        var size = ownSize * q.Hi + inverse.Hi * (Vector256.Load(Block.DerivativeSize + row) - ownSize);
        var least = size * Vector256.Create(leastPart) + Vector256.Create(WideSoftmax.LeastDerivative);
        var result = g * factor;
        Block.Own.Store(row, result);
        var hasDigits = result.IsFinite & Vector256.GreaterThanOrEqual(Vector256.Abs(g.Hi), least);
        return (hasDigits | factor.IsZero).ExtractMostSignificantBits();
    }
}
