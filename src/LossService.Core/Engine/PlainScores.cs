using System.Runtime.Intrinsics;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What a formula finds of four rows in plain double, each in a lane of its own.</summary>
/// <param name="Value">As <see cref="PlainScore.Value"/>.</param>
/// <param name="Size">As <see cref="PlainScore.Size"/>.</param>
/// <param name="Derivative">As <see cref="PlainScore.Derivative"/>.</param>
/// <param name="DerivativeSize">As <see cref="PlainScore.DerivativeSize"/>.</param>
internal readonly record struct PlainScores(
    Dd Value, Vector256<double> Size, Vector256<double> Derivative, Vector256<double> DerivativeSize)
{
    /// <summary>A mask of the rows whose value has the digits of a double.</summary>
    /// <param name="isTargetPlain">Whether the targets were computed in plain double.</param>
    public Vector256<double> HaveDigits(bool isTargetPlain) =>
        Vector256.LessThan(Vector256.Abs(Value.Hi), Vector256.Create(double.PositiveInfinity))
        & Vector256.GreaterThanOrEqual(Vector256.Abs(Value.Hi), Size * Vector256.Create(PlainScore.GetLeastPart(isTargetPlain)));
}
