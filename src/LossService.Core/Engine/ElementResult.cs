using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What some elements cost, and the derivatives of that; the four parts of the gradient add up.</summary>
/// <remarks>Fields, because the compiler inlines no more than some hundred calls into a formula's loop.</remarks>
internal struct ElementResult<TNumber> where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>L.</summary>
    public TNumber Value;

    /// <summary>∂L/∂log p with 1 − p held.</summary>
    public TNumber LogPDerivative;

    /// <summary>∂L/∂log(1 − p) with p held.</summary>
    public TNumber LogQDerivative;

    /// <summary>∂L/∂p of what is neither.</summary>
    public TNumber PDerivative;

    /// <summary>∂L/∂z, for formulas on logits.</summary>
    public TNumber ZDerivative;

    /// <summary>The bits of lanes where one of these lost digits by cancellation (<see cref="IArithmetic{TSelf}.IsLost"/>).</summary>
    public uint Lost;
}
