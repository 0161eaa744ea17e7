using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Kernels;

/// <summary>
/// From the sums of rows, four or eight side by side: their losses, and the few numbers that their gradients are made of.
/// </summary>
/// <remarks>
/// <para>With L = log1p(s): −log p_c = (m − z_c)/T + L. A target t_c = own·1{c = y} + φ·b_c, with own or φ 0, gives the cross-entropy
/// own·(−log p_y) + φ·(Σ b_c·(m − z_c)/T + L·Σ b_c), whose terms are not negative, and its derivatives p_c·(own + φ·Σ b_c) − t_c.
/// A formula of the true class with value f and −∂f/∂log p_y = a has a·p_c, and −a·(1 − p_y) at y.</para>
/// <para>b is 1 in every class (label smoothing), the class weights (both), or a row of soft labels.</para>
/// </remarks>
/// <param name="loss">What is computed.</param>
/// <param name="classes">K.</param>
/// <param name="divisor">What the loss is divided by.</param>
/// <param name="hasRows">Whether each row has its own target b, and no true class.</param>
internal sealed unsafe partial class SoftmaxConclusion(SoftmaxLoss loss, int classes, double divisor, bool hasRows)
{
    /// <summary>e to the power −620 is 1e-269.</summary>
    private const double TinySpan = 620;

    /// <summary>The largest factor of an error of p with which a value has the digits of a sum.</summary>
    private const double MaxErrorFactor = 4;

    /// <summary>Terms are rounded independently, so that most of their errors cancel: a value may be a smaller part of its parts.</summary>
    private const double LeastPartOfValue = 1.0 / 8, LeastPartOfPlainTargets = 1.0 / 4;

    private readonly Dd _keep = hasRows ? Dd.Zero : Dd.One - new Dd(loss.Smoothing);
    private readonly Dd _spread = hasRows ? Dd.One : new Dd(loss.Smoothing) / new Dd(classes);
    private readonly Dd _divisor = new Dd(divisor) * Vector256.Create(loss.Temperature);
    private readonly double _plainScale = (loss.Factor / (new Dd(divisor) * Vector256.Create(loss.Temperature))).ToScalar();

    // a logsumexp is no amount of information
    private readonly Dd _squared = new Dd(loss.LogSumExpSquared) / loss.Unit;

    /// <summary>Whether targets are spread over the classes.</summary>
    public bool HasSpread { get; } = hasRows || loss.Smoothing != 0;

    /// <summary>Whether every sample weighs 1 and the unit is nats, so that <see cref="SoftmaxScratch.Weight"/> is not filled.</summary>
    public bool IsPlain { get; init; }

    /// <summary>Computes the losses of the first <paramref name="count"/> rows, and the factors of their gradients.</summary>
    public void Conclude(SoftmaxScratch rows, int count)
    {
        if (!_isNarrow) for (var i = 0; i < count; i += Lanes.Width) ConcludeExactly(rows, i);
        else if (Lanes.HasMost) ConcludeEights(rows, count);
        else ConcludeFours(rows, count);
    }

    /// <summary>In double-double: squared errors, or results that are float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void ConcludeExactly(SoftmaxScratch rows, int i)
    {
        var rest = Vector256.Load(rows.Rest + i);
        var gap = Dd.Difference(Vector256.Load(rows.Max + i), Vector256.Load(rows.Label + i));
        if (loss.Bias.Length > 0) gap += Vector256.Load(rows.MaxError + i) - Vector256.Load(rows.LabelError + i);
        var isLargest = gap.IsZero;
        if (loss.Divisor != 1) gap /= Vector256.Create(loss.Divisor);
        var log = VectorMath.Log1p(rest);
        var value = Dd.Sum(gap.Hi, log) + gap.Lo;
        value.Hi.Store(rows.Surprise + i);
        // the rounding errors of the inverse would be those of p and 1 − p, and a formula may raise them to a power
        var whole = Dd.One / (Dd.One + new Dd(rest));
        var inverse = whole.Hi;
        var likelihood = whole * Vector256.Load(rows.Own + i);
        var mistake = Dd.Select(isLargest, whole * rest, Dd.One - likelihood);
        var (p, q) = (likelihood.Hi, mistake.Hi);

        // the gradient is (own + others)·p_c − shift·e_c², and own less at the true class
        var (own, others, shift) = (Vector256<double>.One, Vector256<double>.Zero, Vector256<double>.Zero);
        var (taken, size) = (Vector256<double>.Zero, Vector256<double>.Zero);
        if (loss.Formula is { } formula)
        {
            (value, var slope) = formula.Score(-value, likelihood, mistake);
            own = slope.Round();
        }
        else if (loss.IsSquaredError)
        {
            value = Square(rows, i, whole, likelihood, mistake, out others, out size, out shift);
            (own, taken) = (Vector256<double>.Zero, Vector256.Create(2.0) * p * value.Hi);
        }
        var lost = Vector256<double>.Zero;
        if (loss.LogSumExpSquared != 0)
        {
            value += AddLogSumExp(rows, i, log, ref others);
            lost = IsLost(own + others, own);
        }
        var scale = Vector256.Create(_plainScale);
        if (!IsPlain)
        {
            var weight = new Dd(Vector256.Load(rows.Weight + i)) * loss.Factor;
            value = Dd.Select(weight.IsZero, Dd.Zero, value * weight);
            scale = (weight / _divisor).Round();
        }
        value.Hi.Store(rows.Loss + i);
        value.Lo.Store(rows.Low + i);
        var part = scale * (own + others) * inverse;
        part.Store(rows.Part + i);
        if (loss.IsFloat64) lost |= HasTiny(rows, i) & Vector256.GreaterThan(Vector256.Abs(part), Vector256<double>.One);
        (scale * shift).Store(rows.Shift + i);
        var given = Vector256<double>.Zero;
        if (loss.IsSquaredError) (Vector256.Abs(scale) * size * inverse).Store(rows.PartSize + i);
        else (taken, given) = (own * q, p * others);
        (scale * (given - taken)).Store(rows.Own + i);
        (lost | IsLost(given - taken, Vector256.MinNative(taken, Vector256.Abs(given)))).Store(rows.Lost + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector256<double> IsLost(Vector256<double> difference, Vector256<double> size) =>
        Vector256.LessThan(Vector256.Abs(difference), Vector256.Create(loss.LeastPart) * size);

    /// <summary>
    /// Where an e_c may be so small that it lacks digits, though times a large factor it is a usual number. A float32 is 0 there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Vector256<double> HasTiny(SoftmaxScratch rows, int i) => Vector256.GreaterThan(
        Vector256.Load(rows.Max + i) - Vector256.Load(rows.Min + i), Vector256.Create(TinySpan * loss.Divisor));

    /// <summary>
    /// (1 − p_y)² + Σ p_c² over the other classes. Its derivative on z_c·T is 2p_c·(p_c + p_y·(1 − p_y) − Σ p_c²), and at y −2p_y times
    /// the value.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Dd Square(SoftmaxScratch rows, int i, Dd whole, Dd p, Dd q, out Vector256<double> part, out Vector256<double> partSize,
        out Vector256<double> shift)
    {
        var two = Vector256.Create(2.0);
        var square = Dd.Square(whole);
        var others = square * Vector256.Load(rows.Share + i);
        var spread = p * q;
        part = two * (spread - others).Round();
        partSize = two * (spread.Hi + others.Hi);
        shift = -two * square.Hi;
        return Dd.Square(q) + others;
    }

    /// <summary>ζ·logsumexp², NaN where that lacks digits; its derivative on the logits is a multiple of p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd AddLogSumExp(SoftmaxScratch rows, int i, Vector256<double> log, ref Vector256<double> others)
    {
        var max = new Dd(Vector256.Load(rows.Max + i));
        if (loss.Bias.Length > 0) max += Vector256.Load(rows.MaxError + i);
        var logSumExp = max / Vector256.Create(loss.Divisor) + log;
        others += (_squared * logSumExp * Vector256.Create(2.0)).Round();
        // a sum that cancels has more of the logarithm's rounding error
        return Dd.Select(IsLost(logSumExp.Hi, log), new(double.NaN), _squared * Dd.Square(logSumExp));
    }
}
