namespace LossService.Client;

/// <summary>How well the probability of each class is calibrated over all samples, whatever class is predicted.</summary>
/// <param name="CalibrationError">The mean of the classes' errors, of those with weight.</param>
/// <param name="Classes">Each class, in their order.</param>
public sealed record LossClassWiseCalibration(double? CalibrationError, IReadOnlyList<LossReliabilityDiagram> Classes);
