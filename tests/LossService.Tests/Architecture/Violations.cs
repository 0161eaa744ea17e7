namespace LossService.Tests.Architecture;

/// <summary>How a rule fails: with the whole list of what breaks it.</summary>
internal static class Violations
{
    /// <summary>Asserts that there are none; otherwise lists them, one a line.</summary>
    public static void AssertNone(string what, IEnumerable<object> violations)
    {
        var list = violations.ToArray();
        if (list.Length > 0) Assert.Fail($"{list.Length} {what}:\n{string.Join('\n', list)}");
    }
}
