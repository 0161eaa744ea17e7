namespace LossService.Tests.Shared;

/// <summary>How a draft's labels are given.</summary>
internal enum LabelForm
{
    /// <summary>A number for each prediction: dense rows, or the elements of a binary loss.</summary>
    Dense,

    /// <summary>A class index for each row.</summary>
    Indices,

    /// <summary>A teacher's logits.</summary>
    Logits,

    /// <summary>The logarithms of a teacher's probabilities.</summary>
    LogProbabilities,
}
