using System.Runtime.Intrinsics;
using LossService.Core.Kernels;
using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>A categorical formula: a row's value, and its derivatives.</summary>
internal abstract class CategoricalFormula
{
    /// <summary>Whether the formula reads <see cref="CategoricalRow{TNumber}.Z"/> alone and needs no distribution.</summary>
    public virtual bool IsOnLogits => false;

    /// <summary>ζ: the loss has a term ζ·logsumexp(z/T)² beside the value.</summary>
    public virtual double LogSumExpSquared => 0;

    /// <summary>Whether the value is −Σ_c w_c t_c log p_c, which the softmax kernel computes for any target.</summary>
    public virtual bool IsCrossEntropy => false;

    /// <summary>Whether the value is that less the entropy of the label: KL(label‖prediction).</summary>
    public virtual bool IsRelativeEntropy => false;

    /// <summary>Whether the value is Σ_c (p_c − t_c)², which the softmax kernel computes where one class is true.</summary>
    public virtual bool IsSquaredError => false;

    /// <summary>The formula where one class is true, if it depends on that class alone, for the softmax kernel.</summary>
    public virtual TrueClassFormula? OfTrueClass => null;

    /// <summary>What each class's part is multiplied by beside its weight, padded; empty = 1.</summary>
    public virtual double[] ClassFactor => [];

    /// <summary>That times the class weights, in doubles.</summary>
    /// <param name="classWeight">The class weights; empty = 1.</param>
    public double[] GetWeights(double[] classWeight)
    {
        if (ClassFactor.Length == 0) return classWeight;
        if (classWeight.Length == 0) return ClassFactor;
        var product = new double[int.Min(classWeight.Length, ClassFactor.Length)];
        for (var c = 0; c < product.Length; c++) product[c] = classWeight[c] * ClassFactor[c];
        return product;
    }

    /// <summary>What a sum over the classes has of Σt − 1: 1, −1 or 0 times that.</summary>
    public virtual int SurplusFactor => 0;

    /// <summary>Whether the formula reads <see cref="CategoricalRow{TNumber}.Surplus"/>.</summary>
    public virtual bool NeedsSurplus => SurplusFactor != 0;

    /// <summary>Whether the formula reads ln t, so that a t that is tiny, or 0 by underflow, matters.</summary>
    public virtual bool ReadsLogOfTarget => false;

    /// <summary>Whether the formula can be computed in <see cref="PlainDouble"/>, too.</summary>
    public virtual bool IsGeneric => false;

    /// <summary>
    /// What a power multiplies the error of 1 − p_y by, where that is so much that plain double may lack the digits of a loss; else 0.
    /// </summary>
    public virtual double ErrorFactor => 0;

    /// <summary>The value of a row, in every lane; writes both derivatives of every class.</summary>
    public abstract Dd Score(in CategoricalRow<Dd> row);

    /// <summary>The same in plain double.</summary>
    /// <param name="row">The row, with exponentials in the place of p, and without log p and 1 − p.</param>
    /// <param name="softmax">What makes these of the exponentials; undefined for a formula on logits.</param>
    public virtual PlainScore Score(in CategoricalRow<PlainDouble> row, in PlainSoftmax softmax) =>
        throw new NotSupportedException($"{GetType().Name} is computed in double-double");

    /// <summary>Whether the value is a sum over the classes, computed in plain double by <see cref="AddUp"/>.</summary>
    public virtual bool IsSumOverClasses => false;

    /// <summary>Whether the formula can be computed in plain double for rows of few classes, side by side.</summary>
    public virtual bool HasColumns => false;

    /// <summary>Whether that is so for rows of one true class alone.</summary>
    public virtual bool HasColumnsOfTrueClass => IsOnLogits;

    /// <summary>
    /// Finds the derivative on p of the classes with the largest logits, and the sums of each row. A formula on logits finds the values,
    /// their sizes, and the derivatives, which take the place of the exponentials.
    /// </summary>
    public virtual void AddUpColumns(in ColumnBlock rows) => throw new NotSupportedException($"{GetType().Name} has no columns");

    /// <summary>Writes the gradients in the place of the exponentials; marks rows as <see cref="ColumnBlock.Lacking"/>.</summary>
    public virtual void DifferentiateColumns(in ColumnBlock rows) => throw new NotSupportedException($"{GetType().Name} has no columns");

    /// <summary>Finds the derivative on p of the classes with the largest logits, for <see cref="AddUp"/>.</summary>
    public virtual void FindWinner(in ClassVector<PlainDouble> largest, ref PlainSums sums) =>
        throw new NotSupportedException($"{GetType().Name} is no sum over classes");

    /// <summary>Adds classes to the sums.</summary>
    /// <param name="classes">The classes; receives their derivatives.</param>
    /// <param name="softmax">What makes p, log p and 1 − p of the exponentials.</param>
    /// <param name="sums">The sums.</param>
    public virtual void AddUp(in PlainClasses classes, in PlainSoftmax softmax, ref PlainSums sums) =>
        throw new NotSupportedException($"{GetType().Name} is no sum over classes");

    /// <summary>Adds to a row's value what it has of Σt − 1.</summary>
    public virtual Dd AddSurplus(Dd value, Dd surplus) => value;

    /// <summary>Writes the gradient of classes.</summary>
    /// <param name="classes">The classes, after <see cref="AddUp"/>.</param>
    /// <param name="softmax">As there.</param>
    /// <param name="sums">The sums of all classes: of one row, in every lane.</param>
    /// <param name="scale">What ∂L/∂(z/T) is multiplied by.</param>
    /// <param name="gradient">Where to; null = in the place of the exponentials.</param>
    /// <returns>A mask of the lanes where an element lacks digits: it is a small difference of large numbers.</returns>
    public virtual unsafe Vector256<double> Differentiate(in PlainClasses classes, in PlainSoftmax softmax, in PlainSums sums,
        Vector256<double> scale, StoredFloat32* gradient) => throw new NotSupportedException($"{GetType().Name} is no sum over classes");

    /// <summary>Whether the formula can be computed in <see cref="WideDouble"/>, too.</summary>
    public virtual bool IsWide => false;

    /// <summary>The same in sums of two doubles; writes u_c of <see cref="WideScore"/> in the place of ∂L/∂log p_c.</summary>
    /// <param name="row">The row, with exponentials in the place of p, and without log p and 1 − p.</param>
    /// <param name="softmax">What makes these of the exponentials.</param>
    public virtual WideScore Score(in CategoricalRow<Dd> row, in WideSoftmax softmax) =>
        throw new NotSupportedException($"{GetType().Name} is computed in double-double");

    /// <summary>Whether the formula can be computed so for rows of few classes, side by side, with any target.</summary>
    public virtual bool HasWideColumns => false;

    /// <summary>Finds the sums of each row, and the derivatives u_c with their sizes.</summary>
    /// <param name="rows">The rows, with their softmax and targets.</param>
    /// <param name="classWeight">The class weights; empty = all are 1.</param>
    public virtual void AddUpWideColumns(in WideBlock rows, double[] classWeight) =>
        throw new NotSupportedException($"{GetType().Name} has no columns");

    /// <summary>
    /// Writes the second derivatives of every class of a row that has been scored, and returns κ: the value has
    /// κ·(∂L/∂x_i)·(∂L/∂x_j) in every second derivative beside those; a loss without a Hessian is not asked.
    /// </summary>
    public virtual Dd Curve(in CategoricalRow<Dd> row, in CurvatureRow curvature) =>
        throw new NotSupportedException($"{GetType().Name} has no second derivative");
}
