namespace LossService.Client;

/// <summary>The sums of a class that an overlap is a ratio of: w weights, p probabilities, t labels.</summary>
/// <param name="TruePositives">Σw·p·t.</param>
/// <param name="FalsePositives">Σw·p·(1 − t).</param>
/// <param name="FalseNegatives">Σw·(1 − p)·t.</param>
public sealed record LossSums(double TruePositives, double FalsePositives, double FalseNegatives);
