using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>Rows of any predictions and formula in double-double, which always has the digits.</summary>
internal sealed class ExactSteps(CategoricalLink link, CategoricalFormula formula) : IRowSteps<Dd>
{
    /// <inheritdoc/>
    public Dd Fill(in CategoricalRow<Dd> row) => link.Fill(row);

    /// <inheritdoc/>
    public Dd Score(in CategoricalRow<Dd> row, out bool hasDigits)
    {
        hasDigits = true;
        return formula.Score(row);
    }

    /// <inheritdoc/>
    public bool Backward(in CategoricalRow<Dd> row, Dd scale, Dd logSumExpDerivative, Span<double> gradient)
    {
        link.Backward(row, scale, logSumExpDerivative, gradient);
        return true;
    }
}
