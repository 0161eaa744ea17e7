using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using static LossService.Core.Engine.FreeHessian;

namespace LossService.Core.Engine;

/// <summary>
/// The diagonal of the Hessian behind a softmax. With U_c = u_c + p_c·(v_c − v_k), the derivative by log p_c, and
/// W_c = w_c + p_c·(v_c − v_k + y_c + p_c·x_c), the second one: as Σp = 1, a constant added to every v changes nothing, and that of the
/// largest class k avoids cancellation. Then ∂²L/∂z_j² is, with λ and μ the derivatives by logsumexp,
/// (W_j·q_j² + p_j·(p_j·Σ_{i≠j} W_i + q_j·(λ − ΣU) + p_j·μ) + κ·g_j²)/T², where g_j = U_j·q_j − p_j·Σ_{i≠j} U_i.
/// </summary>
internal readonly ref struct SoftmaxHessian
{
    private readonly CategoricalRow<Dd> _row;
    private readonly CurvatureRow _curvature;
    private readonly LogSumExpSlope _logSumExp;
    private readonly Dd _scale, _coupling, _winner, _othersU, _othersW, _allU, _allW;
    private readonly int _largest;

    /// <param name="row">The row, its derivatives written by the formula.</param>
    /// <param name="curvature">The second derivatives, written by the formula.</param>
    /// <param name="scale">The sample's weight in the reduced loss, divided by T².</param>
    /// <param name="logSumExp">The derivatives by logsumexp(z).</param>
    /// <param name="coupling">κ.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public SoftmaxHessian(
        in CategoricalRow<Dd> row, in CurvatureRow curvature, Dd scale, in LogSumExpSlope logSumExp, Dd coupling)
    {
        (_scale, _logSumExp, _coupling) = (scale, logSumExp, coupling);
        _row = row;
        _curvature = curvature;
        _largest = Ranking.FindMax(row.Z);
        _winner = row.PDerivative.Broadcast(_largest);
        // a sum less its largest part has no digits left, so the largest class is kept apart
        for (var c = 0; c < row.P.Length; c += Lanes.Width)
        {
            var isLargest = Lanes.LaneIs(_largest - c);
            var (u, w) = (GetU(c, row.P[c]), GetW(c, row.P[c]));
            _othersU += Dd.Select(isLargest, Dd.Zero, u);
            _othersW += Dd.Select(isLargest, Dd.Zero, w);
            _allU += Dd.Select(isLargest, u, Dd.Zero);
            _allW += Dd.Select(isLargest, w, Dd.Zero);
        }
        _othersU = Dd.SumOfLanes(_othersU);
        _othersW = Dd.SumOfLanes(_othersW);
        _allU = _othersU + Dd.SumOfLanes(_allU);
        _allW = _othersW + Dd.SumOfLanes(_allW);
    }

    /// <summary>Writes scale·∂²L/∂z² of every class (padded), each rounded once; NaN where a derivative by log p is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(Span<double> hessian)
    {
        if (!double.IsFinite(_allU.ToScalar()))
        {
            for (var c = 0; c < _row.P.Length; c += Lanes.Width)
                Vector256.BitwiseAnd(Vector256.Create(double.NaN), _row.LogP[c].IsFinite).CopyTo(hessian[c..]);
            return;
        }
        for (var c = 0; c < _row.P.Length; c += Lanes.Width)
        {
            var isLargest = Lanes.LaneIs(_largest - c);
            var (p, q) = (_row.P[c], _row.Q[c]);
            var (u, w) = (GetU(c, p), GetW(c, p));
            var othersU = Dd.Select(isLargest, _othersU, _allU - u);
            var othersW = Dd.Select(isLargest, _othersW, _allW - w);
            var h = TimesOrZero(q, TimesOrZero(q, w))
                + TimesOrZero(p, TimesOrZero(p, othersW) + TimesOrZero(q, _logSumExp.First - _allU) + p * _logSumExp.Second);
            h = (h + Couple(_coupling, u * q - TimesOrZero(p, othersU))) * _scale;
            var isTiny = Underflow.IsTiny(_row, c);
            if (isTiny != Vector256<double>.Zero) h = Dd.Select(isTiny, OfTiny(c, u, othersW), h);
            h.Round().CopyTo(hessian[c..]);
        }
        // of the others only the sum is left then, and that is tiny
        if (Underflow.IsTiny(_row.Q.Hi[_largest])) hessian[_largest] = OfCertain().ToScalar();
    }

    /// <summary>Classes whose p is tiny, so that q = 1 and p² matters only beside what is large.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd OfTiny(int c, Dd u, Dd othersW)
    {
        var p = Underflow.ShiftedP(_row, c);
        // infinite where the largest q, which is no smaller than p, has underflowed, and a power below 0 of it was taken: 0 times p
        othersW = Dd.Select(othersW.IsFinite, othersW, Dd.Zero);
        var slope = _row.PDerivative[c] - _winner + _curvature.Scaled[c] + _logSumExp.First - _allU
            + Underflow.ShiftBack(TimesOrZero(p, othersW));
        return Underflow.ShiftBack((Underflow.Shift(_curvature.LogP[c] + Couple(_coupling, u)) + TimesOrZero(p, slope)) * _scale);
    }

    /// <summary>The largest class where all other p are tiny; what is of second order in them is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd OfCertain()
    {
        var (q, others) = (Dd.Zero, Dd.Zero);
        for (var c = 0; c < _row.P.Length; c += Lanes.Width)
        {
            var isOther = ~Lanes.LaneIs(_largest - c) & _row.LogP[c].IsFinite;
            var p = Underflow.ShiftedP(_row, c);
            q += Dd.Select(isOther, p, Dd.Zero);
            others += Dd.Select(isOther, Underflow.Shift(_curvature.LogP[c]) + GetScaled(c, p), Dd.Zero);
        }
        (q, others) = (Dd.SumOfLanes(q), Dd.SumOfLanes(others));
        var own = Dd.Zero;
        for (var c = 0; c < _row.P.Length; c += Lanes.Width)
            own += Dd.Select(Lanes.LaneIs(_largest - c), TimesOrZero(_row.Q[c], GetW(c, _row.P[c])), Dd.Zero);
        var shifted = TimesOrZero(q, Dd.SumOfLanes(own) + _logSumExp.First - _allU) + others;
        return Underflow.ShiftBack(shifted * _scale) + _logSumExp.Second * _scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd GetU(int c, Dd p) => _row.LogPDerivative[c] + TimesOrZero(p, _row.PDerivative[c] - _winner);

    private Dd GetW(int c, Dd p) => _curvature.LogP[c] + GetScaled(c, p);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private Dd GetScaled(int c, Dd p) =>
        TimesOrZero(p, _row.PDerivative[c] - _winner + _curvature.Scaled[c] + _row.P[c] * _curvature.P[c]);
}
