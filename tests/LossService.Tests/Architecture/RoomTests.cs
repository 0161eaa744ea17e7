namespace LossService.Tests.Architecture;

/// <summary>Which folder may use which: arrows run down only.</summary>
public sealed class RoomTests
{
    /// <summary>The rooms from the top down. A file may use its own room and those after it.</summary>
    private static readonly string[] Rooms =
    [
        "LossService/Program.cs", "LossService/Hosting", "LossService/Api", "LossService/Playground", "LossService/OpenApi",
        "LossService/Formats", "LossService/Requests", "LossService/Http", "LossService/Telemetry", "LossService/Problems",
        "LossService.Core/Scorer.cs", "LossService.Core/Validation", "LossService.Core/Losses", "LossService.Core/Engine",
        "LossService.Core/Kernels", "LossService.Core/Batches", "LossService.Core/Outputs", "LossService.Core/Options",
        "LossService.Core/Tensors", "LossService.Core/Numerics",
        // uses neither of them, since it is compiled without them
        "LossService.Client",
    ];

    /// <summary>What a format may use besides itself: JSON, since every header is JSON, and its numbers.</summary>
    private static readonly string[] SharedFormats = ["Json", "Numbers"];

    [Fact]
    public void Sources_Compile_SoThatEverySymbolIsKnown() => Assert.Empty(SourceCode.Current.Errors);

    [Fact]
    public void Files_EachOne_StandInARoom() =>
        Violations.AssertNone("files outside the rooms", SourceCode.Current.Files.Where(file => LevelOf(file) < 0));

    [Fact]
    public void Rooms_Uses_RunDownOnly() => Violations.AssertNone("upward arrows between rooms",
        SourceCode.Current.Uses.Where(use => LevelOf(use.From) >= 0 && LevelOf(use.To) >= 0 && LevelOf(use.To) < LevelOf(use.From)));

    [Fact]
    public void Formats_EachOne_UsesOnlyItselfJsonAndNumbers() => Violations.AssertNone("formats that use other formats",
        SourceCode.Current.Uses.Where(use => FormatOf(use.From) is { } from && FormatOf(use.To) is { } to
            && from != to && !SharedFormats.Contains(to)));

    [Fact]
    public void Formats_Folders_HaveNoCircle()
    {
        var uses = SourceCode.Current.Uses
            .Where(use => FormatOf(use.From) is not null && FormatOf(use.To) is not null)
            .Select(use => (Folder(use.From), Folder(use.To)));
        Violations.AssertNone("circles of format folders", Circles.Find(uses).Select(circle => string.Join(", ", circle)));
    }

    /// <summary>How far down the room of a file is; -1 where it stands in none.</summary>
    private static int LevelOf(string file) =>
        Array.FindIndex(Rooms, room => file == room || file.StartsWith(room + "/", StringComparison.Ordinal));

    /// <summary>The format folder of a file; null outside of them and for what stands in Formats itself.</summary>
    private static string? FormatOf(string file) =>
        file.Split('/') is ["LossService", "Formats", var format, _, ..] ? format : null;

    private static string Folder(string file) => file[..file.LastIndexOf('/')];
}
