namespace LossService.Tests.Support;

/// <summary>A text in the repository that must say what the service says, and can be written anew from it.</summary>
internal static class Committed
{
    private const string Variable = "REGENERATE";

    /// <summary>The repository: the nearest folder above the tests with the solution in it.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Reads a file by its path in the repository.</summary>
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>Asserts that a file is as it should be; with REGENERATE=1 in the environment, makes it so.</summary>
    public static void Matches(string path, string expected)
    {
        if (Environment.GetEnvironmentVariable(Variable) == "1") File.WriteAllText(Path.Combine(Root, path), expected);
        var committed = Read(path).Split('\n');
        var lines = expected.Split('\n');
        var first = Enumerable.Range(0, Math.Max(lines.Length, committed.Length))
            .FirstOrDefault(i => lines.ElementAtOrDefault(i) != committed.ElementAtOrDefault(i), -1);
        Assert.True(first < 0, first < 0 ? "" : $"""
            {path} is out of date from line {first + 1} on. Regenerate it with `{Variable}=1 dotnet test`, and review the difference.
            committed: {committed.ElementAtOrDefault(first)}
            should be: {lines.ElementAtOrDefault(first)}
            """);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LossService.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests do not run inside the repository.");
    }
}
