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
    private readonly LogitScore _score = new(temperature);

    /// <summary>Whether the labels are a teacher's.</summary>
    public bool IsTeacher => form != TargetForm.Labels;

    /// <summary>Whether a label is nearer to 1 than to 0.</summary>
    public bool IsPositive(double posted) =>
        form == TargetForm.Labels ? posted > 0.5 : form == TargetForm.Logits ? posted > 0 : posted >= LogOfHalf;

    /// <summary>First step for a teacher: e^−|z/T|, or e^l.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TWide Start<TWide>(Vector256<double> posted) where TWide : struct, IArithmetic<TWide>
    {
        if (form != TargetForm.Logits) return TWide.ExpOfNegative(posted);
        var score = _score.Of(posted, Vector256<double>.Zero, out var error);
        return _link.Start<TWide>(posted, score, error);
    }

    /// <summary>Last step: t and 1 − t, each by itself accurate, or noted as lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (TWide T, TWide U) Finish<TWide>(Vector256<double> posted, TWide start, ref Vector256<double> lost)
        where TWide : struct, IArithmetic<TWide>
    {
        if (form == TargetForm.Logits)
        {
            var large = TWide.One / (TWide.One + start);
            var small = start * large;
            var isNegative = Vector256.LessThan(posted, Vector256<double>.Zero);
            return (TWide.Select(isNegative, small, large), TWide.Select(isNegative, large, small));
        }
        if (typeof(TWide) == typeof(Dd))
        {
            var rest = -Dd.Expm1(new Dd(posted));
            return (start, Unsafe.BitCast<Dd, TWide>(rest));
        }
        var u = TWide.One - start;
        lost |= TWide.IsLost(u, TWide.One);
        return (start, u);
    }
}
