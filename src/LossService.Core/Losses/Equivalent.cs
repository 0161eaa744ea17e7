namespace LossService.Core.Losses;

/// <summary>The same loss elsewhere.</summary>
/// <param name="Framework">PyTorch, Keras, Optax, scikit-learn.</param>
/// <param name="Code">One line of it.</param>
public sealed record Equivalent(string Framework, string Code);
