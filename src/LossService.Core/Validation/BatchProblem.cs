namespace LossService.Core.Validation;

/// <summary>One thing that is wrong with a batch.</summary>
/// <param name="Field">The name of the tensor, option or other part of the batch.</param>
/// <param name="Position">Where in it: one index for each axis, or one in a list; empty for all of it.</param>
/// <param name="Detail">What is wrong there.</param>
public sealed record BatchProblem(string Field, int[] Position, string Detail)
{
    /// <summary>As a person writes it: <c>labels[1]: class index 7 is outside 0..2</c>.</summary>
    public override string ToString() =>
        Position.Length == 0 ? $"{Field}: {Detail}" : $"{Field}[{string.Join(", ", Position)}]: {Detail}";
}
