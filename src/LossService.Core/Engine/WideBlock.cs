using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Eight rows of few classes in sums of two doubles: their classes, the rows side by side, and some numbers of each row.</summary>
/// <param name="memory">Memory for <see cref="CountDoubles"/>, on a cache line.</param>
/// <param name="classes">K.</param>
internal readonly unsafe partial struct WideBlock(double* memory, int classes)
{
    /// <summary>The rows.</summary>
    public const int Rows = Lanes.Most;

    private const int Parts = 9, Numbers = 33;

    /// <summary>K.</summary>
    public int Classes => classes;

    /// <summary>The numbers of all classes.</summary>
    public int Count => Rows * classes;

    /// <summary>(z_c − max z)/T; at first z_c alone.</summary>
    public WideArray Logs => Class(0);

    /// <summary>The exponentials of that; at last the gradient, in the first doubles.</summary>
    public WideArray Exponentials => Class(2);

    /// <summary>t_c.</summary>
    public WideArray Targets => Class(4);

    /// <summary>u_c of <see cref="WideScore"/>.</summary>
    public WideArray Derivatives => Class(6);

    /// <summary>Their sizes.</summary>
    public double* Sizes => memory + 8 * Count;

    /// <summary>The number of the class k with the largest logit, the first of equal ones.</summary>
    public double* Largest => Row(0);

    /// <summary>Its logit.</summary>
    public double* Max => Row(1);

    /// <summary>The sum of the other exponentials; then 1 − p_k.</summary>
    public WideArray Others => Pair(2);

    /// <summary>p_k: the factor that makes p of exponentials.</summary>
    public WideArray Inverse => Pair(4);

    /// <summary>−log p_k.</summary>
    public WideArray Log => Pair(6);

    /// <summary>What the loss is multiplied by.</summary>
    public WideArray Scale => Pair(8);

    /// <summary>The loss, at last with its scale.</summary>
    public WideArray Value => Pair(10);

    /// <summary>What the gradient is multiplied by.</summary>
    public WideArray Factor => Pair(12);

    /// <summary>Numbers of one class: the true one, or k.</summary>
    public WideArray Own => Pair(14);

    /// <inheritdoc cref="Own"/>
    public WideArray OwnSecond => Pair(16);

    /// <summary>The weight of the true class; of rows without one, ζ and the row's class weight.</summary>
    public WideArray Weight => Pair(18);

    /// <summary>−∂value/∂log p of the true class; of rows without one, ∂value/∂logsumexp(z/T).</summary>
    public WideArray Slope => Pair(20);

    /// <summary>The size of the latter, as <see cref="Size"/>.</summary>
    public double* SlopeSize => Row(22);

    /// <summary>What an error is multiplied by on its way to the loss, at least roughly.</summary>
    public double* Size => Row(23);

    /// <summary>Σu but that of the class k.</summary>
    public WideArray OtherDerivatives => Pair(24);

    /// <summary>The size of Σu, as <see cref="Size"/>.</summary>
    public double* DerivativeSize => Row(26);

    /// <summary>Σt − 1; at first 1 where that is read, else 0.</summary>
    public WideArray Surplus => Pair(27);

    /// <summary>The class whose 1 − t is <see cref="Rest"/>, or −1.</summary>
    public double* Top => Row(29);

    /// <summary>1 − t of that class.</summary>
    public WideArray Rest => Pair(30);

    /// <summary>0 where doubles hold the targets exactly, else 1.</summary>
    public double* Rounding => Row(32);

    /// <summary>The doubles of a block.</summary>
    public static int CountDoubles(int classes) => Rows * (Parts * classes + Numbers);

    /// <summary>Copies what is known of a row, but for its classes.</summary>
    public void Repeat(int row, int to)
    {
        for (var i = 0; i < Numbers; i++) Row(i)[to] = Row(i)[row];
    }

    /// <summary>Where a class of a row is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Find(int row, int c) => c * Rows + row;

    /// <summary>Writes rows class by class.</summary>
    /// <param name="rows">The start of each row.</param>
    /// <param name="columns">Receives the numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Read(double** rows, double* columns)
    {
        if (classes < Lanes.Width)
        {
            for (var i = 0; i < Rows; i++)
                for (var c = 0; c < classes; c++) columns[Find(i, c)] = rows[i][c];
            return;
        }
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            for (var c = 0; c < classes; c += Lanes.Width)
            {
                // the last ones may overlap those before
                var start = int.Min(c, classes - Lanes.Width);
                var (one, two) = (Vector256.Load(rows[i] + start), Vector256.Load(rows[i + 1] + start));
                var (three, four) = (Vector256.Load(rows[i + 2] + start), Vector256.Load(rows[i + 3] + start));
                Lanes.Transpose(ref one, ref two, ref three, ref four);
                var to = columns + Find(i, start);
                one.Store(to);
                two.Store(to + Rows);
                three.Store(to + 2 * Rows);
                four.Store(to + 3 * Rows);
            }
        }
    }

    /// <summary>Writes columns row by row.</summary>
    /// <param name="columns">The numbers.</param>
    /// <param name="rows">The start of each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Write(double* columns, double** rows)
    {
        if (classes < Lanes.Width)
        {
            for (var i = 0; i < Rows; i++)
                for (var c = 0; c < classes; c++) rows[i][c] = columns[Find(i, c)];
            return;
        }
        for (var i = 0; i < Rows; i += Lanes.Width)
        {
            for (var c = 0; c < classes; c += Lanes.Width)
            {
                var start = int.Min(c, classes - Lanes.Width);
                var from = columns + Find(i, start);
                var (one, two) = (Vector256.Load(from), Vector256.Load(from + Rows));
                var (three, four) = (Vector256.Load(from + 2 * Rows), Vector256.Load(from + 3 * Rows));
                Lanes.Transpose(ref one, ref two, ref three, ref four);
                one.Store(rows[i] + start);
                two.Store(rows[i + 1] + start);
                three.Store(rows[i + 2] + start);
                four.Store(rows[i + 3] + start);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WideArray Class(int part) => new(memory + part * Count, memory + (part + 1) * Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private double* Row(int number) => memory + Parts * Count + number * Rows;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private WideArray Pair(int number) => new(Row(number), Row(number + 1));
}
