using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>
/// The second derivatives of a row's value as a formula gives them: with u_c = ∂L/∂log p_c and v_c = ∂L/∂p_c of
/// <see cref="CategoricalRow{TNumber}"/>, ∂²L/∂(log p_c)² = w_c + p_c·(v_c + y_c + p_c·x_c). Of the three, a formula uses what is finite.
/// </summary>
internal readonly ref struct CurvatureRow
{
    /// <summary>w_c; of a formula on logits, ∂²L/∂z_c², and nothing else is read.</summary>
    public required NumberRow<Dd> LogP { get; init; }

    /// <summary>y_c; may be infinite where p_c = 0 and p·y → 0.</summary>
    public required NumberRow<Dd> Scaled { get; init; }

    /// <summary>x_c: ∂²L/∂p_c².</summary>
    public required NumberRow<Dd> P { get; init; }
}
