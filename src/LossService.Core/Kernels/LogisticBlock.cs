namespace LossService.Core.Kernels;

/// <summary>
/// Scores a block of elements as <see cref="LogisticElement{TNumber}"/>, directly from the tensors' memory to the gradient's.
/// </summary>
/// <param name="z">The first logit.</param>
/// <param name="t">The first label.</param>
/// <param name="count">The number of elements, a multiple of four.</param>
/// <param name="targets">What becomes of labels.</param>
/// <param name="posWeight">The weight of label 1; that of label 0 is 1.</param>
/// <param name="scale">The factor of the derivatives.</param>
/// <param name="scores">What takes the place of the logits.</param>
/// <param name="losses">Receives the weighted losses.</param>
/// <param name="gradient">Receives the derivatives; null = not wanted.</param>
/// <param name="judgements">Receives what metrics are made of, where that is wanted.</param>
/// <returns>Whether every element was scored, with all the digits that it needs; if not, the results are undefined.</returns>
internal unsafe delegate bool LogisticBlock(
    byte* z, byte* t, int count, in LogisticTargets targets, double posWeight, double scale, in LogisticScores scores, double* losses,
    byte* gradient, ref LogisticJudgements judgements);
