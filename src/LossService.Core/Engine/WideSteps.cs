using System.Runtime.Intrinsics;
using LossService.Core.Numerics;
using LossService.Core.Tensors;

namespace LossService.Core.Engine;

/// <summary>
/// Rows of logits in <see cref="WideDouble"/>: several times as fast as double-double, with ten bits more than a double. Where
/// cancellation costs more than these, a row says so and is scored again by <see cref="ExactSteps"/>.
/// </summary>
/// <remarks>An error of the arithmetic is about 2⁻⁶⁰ of what a result is computed from.</remarks>
/// <param name="formula">The formula.</param>
/// <param name="temperature">T.</param>
/// <param name="results">The dtype of the results.</param>
internal sealed class WideSteps(CategoricalFormula formula, double temperature, DType results) : IRowSteps<WideDouble>
{
    /// <summary>The least part of what it is computed from that a value has: its error is then at most 2⁻⁵².</summary>
    private const double LeastPart = 1.0 / (1 << 8);

    /// <summary>The same of an element of the gradient: an error of 2⁻⁵¹ of a float64, 2⁻²⁶ of narrower ones.</summary>
    private readonly double _leastPart = results == DType.Float64 ? 1.0 / (1 << 9) : 1.0 / (1L << 34);

    /// <inheritdoc/>
    public WideDouble Fill(in CategoricalRow<WideDouble> row) => SoftmaxLink<WideDouble>.Fill(row, temperature);

    /// <inheritdoc/>
    public WideDouble Score(in CategoricalRow<WideDouble> row, out bool hasDigits)
    {
        var value = formula.Score(row, out var size);
        var magnitude = Math.Abs(value.Round().ToScalar());
        // false for NaN
        hasDigits = double.IsFinite(magnitude) && magnitude >= LeastPart * size;
        return value;
    }

    /// <inheritdoc/>
    public bool Backward(
        in CategoricalRow<WideDouble> row, WideDouble scale, WideDouble logSumExpDerivative, Span<double> gradient) =>
        SoftmaxLink<WideDouble>.Backward(row, scale, logSumExpDerivative, temperature, gradient, _leastPart);
}
