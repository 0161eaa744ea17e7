namespace LossService.Client;

/// <summary>The weighted sum of several losses.</summary>
/// <param name="Loss">Σ weight·loss; null where an entry has no loss, and a weight other than 0.</param>
/// <param name="Gradient">Its derivative with respect to the predictions; null where it was not asked for.</param>
/// <param name="Hessian">Its second derivative by each prediction; null where it was not asked for.</param>
public sealed record LossCombination(double? Loss, LossTensor? Gradient, LossTensor? Hessian);
