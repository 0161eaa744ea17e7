namespace LossService.Core.Losses;

/// <summary>The same loss in another library.</summary>
/// <param name="Framework">The library: PyTorch, Keras, Optax, scikit-learn.</param>
/// <param name="Code">One line of code that computes it.</param>
public sealed record Equivalent(string Framework, string Code);
