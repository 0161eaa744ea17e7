namespace LossService.Core.Outputs;

/// <summary>
/// How well the probability of each class is calibrated, whatever class is predicted: p_c of every sample, compared with its label y_c in
/// bins of equal width.
/// </summary>
/// <param name="CalibrationError">The mean of the classes' errors, of those with weight; null where none has.</param>
/// <param name="Classes">Each class, in their order.</param>
public sealed record ClassWiseCalibration(double? CalibrationError, IReadOnlyList<ReliabilityDiagram> Classes);
