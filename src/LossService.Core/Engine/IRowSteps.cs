using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>The steps of scoring a row in one arithmetic: from the predictions to the distribution, the formula, and back.</summary>
internal interface IRowSteps<TNumber> where TNumber : struct, IArithmetic<TNumber>
{
    /// <summary>Fills log p, p and 1 − p of a row.</summary>
    /// <returns>logsumexp of the logits, in every lane; 0 without logits.</returns>
    TNumber Fill(in CategoricalRow<TNumber> row);

    /// <summary>The value of a row, in every lane; writes the derivatives of every class.</summary>
    /// <param name="row">The row.</param>
    /// <param name="hasDigits">Whether the value has the digits of a double.</param>
    TNumber Score(in CategoricalRow<TNumber> row, out bool hasDigits);

    /// <summary>Writes scale·∂L/∂z of the row, padded, each rounded once.</summary>
    /// <param name="row">The row, its derivatives written by the formula.</param>
    /// <param name="scale">The sample's weight in the reduced loss.</param>
    /// <param name="logSumExpDerivative">∂L/∂logsumexp(z), where the loss has a term of it.</param>
    /// <param name="gradient">Where to.</param>
    /// <returns>Whether every element has the digits of a result.</returns>
    bool Backward(in CategoricalRow<TNumber> row, TNumber scale, TNumber logSumExpDerivative, Span<double> gradient);
}
