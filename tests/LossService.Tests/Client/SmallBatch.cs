using LossService.Client;

namespace LossService.Tests.Client;

/// <summary>Two rows of three logits, and what cross-entropy makes of them.</summary>
internal static class SmallBatch
{
    public static float[,] Logits { get; } = { { 2.0f, 1.0f, 0.1f }, { 0.3f, 2.2f, 0.4f } };

    /// <summary>The mean loss with labels 0 and 1.</summary>
    public static double Loss { get; } = (RowLoss(0, 0) + RowLoss(1, 1)) / 2;

    /// <summary>A new batch.</summary>
    public static LossBatch Create(params int[] labels) => new()
    {
        Logits = Logits,
        Labels = labels is [] ? new[] { 0, 1 } : labels,
        Outputs = LossOutputs.Loss | LossOutputs.Gradient,
    };

    private static double RowLoss(int row, int label) =>
        Math.Log(Enumerable.Range(0, 3).Sum(c => Math.Exp(Logits[row, c]))) - Logits[row, label];
}
