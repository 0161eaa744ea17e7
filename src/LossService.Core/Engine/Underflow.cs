using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// Probabilities behind a softmax or a sigmoid that have lost digits to underflow, or been rounded to 0. Times a large derivative, over a
/// small temperature, they may be usual numbers: so derivatives are made from p·2^512 there.
/// </summary>
internal static class Underflow
{
    private const double Tiny = 1e-270;

    // what is made of a tiny probability and any factor is less than this
    private const double Small = 1e-100;

    private static Dd Log => Dd.Ln2 * new Dd(512);

    private static Vector256<double> Up => Vector256.Create(double.ScaleB(1, 512));

    private static Vector256<double> Down => Vector256.Create(double.ScaleB(1, -512));

    /// <summary>Whether a probability is tiny.</summary>
    public static bool IsTiny(double p) => p < Tiny;

    /// <summary>Which of four numbers are tiny; not those with these logarithms that are exactly 0.</summary>
    public static Vector256<double> IsTiny(Dd x, Dd log) => Vector256.LessThan(x.Hi, Vector256.Create(Tiny)) & log.IsFinite;

    /// <summary>A mask of the derivatives that may be made of a tiny p or 1 − p, the smaller of which is given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining | MethodImplOptions.AggressiveOptimization)]
    public static TNumber MayLack<TNumber>(TNumber smaller, TNumber derivative) where TNumber : struct, IArithmetic<TNumber> =>
        TNumber.LessThan(smaller, TNumber.Of(Tiny)) & TNumber.LessThan(TNumber.Abs(derivative), TNumber.Of(Small));

    /// <summary>Which of four are tiny; not those of the padding and of classes at −∞, which are exactly 0.</summary>
    public static Vector256<double> IsTiny(in CategoricalRow<Dd> row, int c) => IsTiny(row.P[c], row.LogP[c]);

    /// <summary>p·2^512 of four classes.</summary>
    public static Dd ShiftedP(in CategoricalRow<Dd> row, int c) => ShiftedExp(row.LogP[c]);

    /// <summary>e^x·2^512.</summary>
    public static Dd ShiftedExp(Dd x) => Dd.Exp(x + Log);

    /// <summary>x·2^512.</summary>
    public static Dd Shift(Dd x) => x * Up;

    /// <summary>x·2^−512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Dd ShiftBack(Dd shifted) => new(shifted.Hi * Down, shifted.Lo * Down);
}
