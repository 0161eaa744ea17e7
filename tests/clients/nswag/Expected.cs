namespace LossService.Clients.NSwag;

/// <summary>One batch, what cross-entropy makes of it by its definition, and the comparison.</summary>
internal static class Expected
{
    /// <summary>Two rows of three logits.</summary>
    public static double[][] Logits { get; } = [[2.0, 1.0, 0.125], [0.25, 2.25, 0.5]];

    /// <summary>Their classes.</summary>
    public static int[] Labels { get; } = [0, 1];

    /// <summary>−log p of the class of a row, with 0.1 of the label spread evenly.</summary>
    public static double Loss => Logits.Zip(Labels, (row, label) => row.Select((logit, c) =>
        -((c == label ? 0.9 : 0) + 0.1 / row.Length) * (logit - Math.Log(row.Sum(Math.Exp)))).Sum()).Average();

    /// <summary>Throws where two numbers differ.</summary>
    public static void Close(double expected, double? actual) =>
        True(actual is { } number && Math.Abs(expected - number) < 1e-6, $"expected {expected}, got {actual}");

    /// <summary>Throws where something does not hold.</summary>
    public static void True(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }
}
