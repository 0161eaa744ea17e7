using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// p = σ(z/T) for each class by itself: with e = e^−|z/T|, the smaller of p and 1 − p is e/(1 + e), the larger 1/(1 + e). Backward:
/// ∂L/∂z = (u·(1 − p) + p·(1 − p)·v)/T. An overlap reads no log p, and nothing in it cancels, so that 62 bits of p and 1 − p are enough.
/// </summary>
/// <param name="temperature">T.</param>
/// <param name="isExact">Whether p and 1 − p have 106 bits, to compare with.</param>
internal sealed class SigmoidLink(double temperature, bool isExact) : CategoricalLink
{
    private readonly Dd _temperature = new(temperature);

    public override Dd Fill(in CategoricalRow<Dd> row)
    {
        if (isExact) FillIn<Dd>(row);
        else FillIn<WideDouble>(row);
        return Dd.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillIn<TNumber>(in CategoricalRow<Dd> row) where TNumber : struct, IFourNumbers<TNumber>
    {
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var z = new Dd(Vector256.LoadUnsafe(ref row.Z[c]));
            if (temperature != 1) z /= _temperature;
            var negative = -Dd.Abs(z);
            var e = TNumber.ExpOfSum(TNumber.Of(negative.Hi), TNumber.Of(negative.Lo));
            var large = TNumber.One / (TNumber.One + e);
            var (small, isNegative) = (e * large, Vector256.LessThan(z.Hi, Vector256<double>.Zero));
            row.P.Store(c, Widen(TNumber.Select(isNegative, small, large)));
            row.Q.Store(c, Widen(TNumber.Select(isNegative, large, small)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Dd Widen<TNumber>(TNumber number) where TNumber : struct, IFourNumbers<TNumber> => new(number.Round(), number.Rest());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
    {
        scale /= _temperature;
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var q = row.Q[c];
            ((row.LogPDerivative[c] * q + Times(row.P[c] * q, row.PDerivative[c])) * scale).Round().CopyTo(gradient[c..]);
        }
    }

    /// <inheritdoc/>
    public override void FindHessian(in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp,
        Dd coupling, Span<double> hessian) => throw new NotSupportedException("An overlap has no Hessian.");
}
