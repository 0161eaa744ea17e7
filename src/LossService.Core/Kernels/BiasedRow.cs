namespace LossService.Core.Kernels;

/// <summary>What is found of a row with a bias, s = z/T + b.</summary>
/// <param name="Rest">Σ e − 1.</param>
/// <param name="Max">The largest s, rounded.</param>
/// <param name="MaxError">What that lacks.</param>
/// <param name="Label">s of the true class, rounded.</param>
/// <param name="LabelError">What that lacks.</param>
internal readonly record struct BiasedRow(double Rest, double Max, double MaxError, double Label, double LabelError);
