using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Options;

namespace LossService.Core.Engine;

/// <summary>Maps posted labels of elements to t and 1 − t: as posted, or of a teacher the sigmoid of logits or e to a logarithm.</summary>
internal readonly struct BinaryTarget(TargetForm form, double temperature)
{
    /// <summary>−ln 2: above it, a logarithm is of more than a half.</summary>
    private const double LogOfHalf = -0.6931471805599453;

    private readonly BinaryLink _link = new(PredictionForm.Logits, temperature, isBiased: false, 0);

    /// <summary>The scores of logits at the labels' temperature.</summary>
    public LogitScore Score { get; } = new(temperature);

    /// <summary>Whether the labels are logits whose score is another number.</summary>
    public bool HasScore => form == TargetForm.Logits && temperature != 1;

    /// <summary>Whether the labels are a teacher's.</summary>
    public bool IsTeacher => form != TargetForm.Labels;

    /// <summary>Whether a label is nearer to 1 than to 0.</summary>
    public bool IsPositive(double posted) =>
        form == TargetForm.Labels ? posted > 0.5 : form == TargetForm.Logits ? posted > 0 : posted >= LogOfHalf;

    /// <summary>The same of four labels, as a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<double> ArePositive(Vector256<double> posted) => form is TargetForm.Labels or TargetForm.Logits
        ? Vector256.GreaterThan(posted, Vector256.Create(form == TargetForm.Labels ? 0.5 : 0))
        : Vector256.GreaterThanOrEqual(posted, Vector256.Create(LogOfHalf));

    /// <summary>t and 1 − t of a teacher in double-double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public (Dd T, Dd U) Read(Vector256<double> posted)
    {
        var (score, error, lost) = (PlainDouble.Of(posted), PlainDouble.Zero, 0u);
        if (HasScore) score = Score.Of(score, PlainDouble.Zero, out error);
        return Finish(new(posted), Start(new Dd(posted), new(score.Round()), new(error.Round())), ref lost);
    }

    /// <summary>First step for a teacher: e^−|z/T|, or e^l.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TWide Start<TWide>(TWide posted, TWide score, TWide error) where TWide : struct, IArithmetic<TWide> =>
        form == TargetForm.Logits ? _link.Start(posted, score, error) : TWide.ExpOfNegative(posted);

    /// <summary>Last step: t and 1 − t, each by itself accurate, or noted as lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (TWide T, TWide U) Finish<TWide>(TWide posted, TWide start, ref uint lost)
        where TWide : struct, IArithmetic<TWide>
    {
        if (form == TargetForm.Logits)
        {
            var large = TWide.One / (TWide.One + start);
            var small = start * large;
            var isNegative = TWide.LessThan(posted, TWide.Zero);
            return (TWide.Select(isNegative, small, large), TWide.Select(isNegative, large, small));
        }
        if (typeof(TWide) == typeof(Dd))
        {
            var rest = -Dd.Expm1(Unsafe.BitCast<TWide, Dd>(posted));
            return (start, Unsafe.BitCast<Dd, TWide>(rest));
        }
        var u = TWide.One - start;
        lost |= TWide.GetBits(TWide.IsLost(u, TWide.One));
        return (start, u);
    }
}
