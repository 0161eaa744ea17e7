namespace LossService.Client;

/// <summary>Brier score of the confidence as a forecast of its outcome: reliability − resolution + uncertainty, over the bins.</summary>
/// <param name="Score">The mean squared difference of confidence and outcome.</param>
/// <param name="Reliability">How far the bins are from calibrated; 0 = calibrated.</param>
/// <param name="Resolution">How far the bins are from the mean outcome; larger is better.</param>
/// <param name="Uncertainty">The variance of the outcome, whatever is predicted.</param>
public sealed record LossBrierParts(double? Score, double? Reliability, double? Resolution, double? Uncertainty);
