using System.Runtime.CompilerServices;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// ℓ = (N/D)^γ with N = α·FP + β·FN and D = TP + N + s, of the sums TP = Σw·p·t, FP = Σw·p·(1 − t) and FN = Σw·(1 − p)·t over the elements
/// of a class. No term is negative, so that nothing cancels.
/// </summary>
/// <param name="FalsePositive">α.</param>
/// <param name="FalseNegative">β.</param>
/// <param name="Smooth">s.</param>
/// <param name="Exponent">γ.</param>
internal readonly record struct OverlapFormula(double FalsePositive, double FalseNegative, double Smooth, double Exponent = 1)
{
    /// <summary>The values of four classes, and their derivatives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public OverlapResult Score(Dd truePositives, Dd falsePositives, Dd falseNegatives)
    {
        var (alpha, beta) = (new Dd(FalsePositive), new Dd(FalseNegative));
        var missed = alpha * falsePositives + beta * falseNegatives;
        var overlap = truePositives + new Dd(Smooth);
        var whole = overlap + missed;
        // without labels, predictions and smoothing, the two agree
        var isEmpty = whole.IsZero;
        var (value, share) = (Dd.Select(isEmpty, Dd.Zero, missed / whole), Dd.Select(isEmpty, Dd.Zero, overlap / whole));
        var (outside, inside) = (alpha * share / whole, (beta * share + value) / whole);
        if (Exponent != 1)
        {
            // at N = 0 the derivative is 0 or has no limit
            var slope = Dd.Select(value.IsZero, Dd.Zero, Dd.Pow(value, Exponent) / value * new Dd(Exponent));
            (value, outside, inside) = (Dd.Select(value.IsZero, Dd.Zero, Dd.Pow(value, Exponent)), outside * slope, inside * slope);
        }
        return new(value, Dd.Select(isEmpty, Dd.Zero, outside), Dd.Select(isEmpty, Dd.Zero, inside));
    }
}
