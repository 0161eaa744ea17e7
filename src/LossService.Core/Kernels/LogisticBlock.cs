namespace LossService.Core.Kernels;

/// <summary>Scores plain elements by <see cref="LogisticKernel"/>, from the tensors' memory straight into the gradient's.</summary>
/// <param name="z">The first logit.</param>
/// <param name="t">The first label.</param>
/// <param name="count">How many; a multiple of eight.</param>
/// <param name="posWeight">What positive elements weigh, above 0; the others weigh 1.</param>
/// <param name="scale">What the derivatives are multiplied by.</param>
/// <param name="losses">Where the weighted losses go.</param>
/// <param name="gradient">Where the first derivative goes; null = nowhere.</param>
/// <returns>Whether every label was 0 or 1; if one was not, what was written means nothing.</returns>
internal unsafe delegate bool LogisticBlock(
    byte* z, byte* t, int count, double posWeight, double scale, double* losses, byte* gradient);
