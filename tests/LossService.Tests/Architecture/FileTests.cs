using LossService.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace LossService.Tests.Architecture;

/// <summary>What holds of every file.</summary>
public sealed class FileTests
{
    private const int MaxLineLength = 140;
    private const int MaxLines = 300;

    private static readonly string[] Folders = ["src", "tests"];

    [Fact]
    public void Files_UsingEachOther_FormNoCircle()
    {
        var uses = SourceCode.Current.Uses.Select(use => (From: Node(use.From), To: Node(use.To), Use: use)).ToArray();
        Violations.AssertNone("file circles", Circles.Find(uses.Select(use => (use.From, use.To))).Select(circle =>
            string.Join(", ", circle) + string.Concat(uses
                .Where(use => use.From != use.To && circle.Contains(use.From) && circle.Contains(use.To))
                .Select(use => $"\n    {use.Use}"))));
    }

    [Fact]
    public void Files_EachOne_DeclareTheTypeTheyAreCalledAs() => Violations.AssertNone("files without a type of their name",
        from tree in SourceCode.Current.Trees
        where !IsProgram(tree) && !TypesOf(tree).Contains(Path.GetFileName(tree.FilePath).Split('.')[0])
        select $"{tree.FilePath} declares {string.Join(", ", TypesOf(tree))}");

    [Fact]
    public void Files_EachOne_HaveTheirFolderAsNamespace() => Violations.AssertNone("files whose namespace is not their folder",
        from tree in SourceCode.Current.Trees
        where !IsProgram(tree)
        let folder = Path.GetDirectoryName(tree.FilePath)!.Replace('/', '.')
        let declared = tree.GetRoot().DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().Select(space => $"{space.Name}")
        where !declared.SequenceEqual([folder])
        select $"{tree.FilePath}: {string.Join(", ", declared)}");

    [Fact]
    public void Files_EachOne_AreOfAtMost300Lines() => Violations.AssertNone($"files of more than {MaxLines} lines",
        from tree in SourceCode.Current.Trees
        let lines = tree.ToString().TrimEnd().Split('\n').Length
        where lines > MaxLines
        select $"{tree.FilePath}: {lines} lines");

    [Fact]
    public void Lines_OfSourcesAndTests_AreOfAtMost140Characters() => Violations.AssertNone(
        $"lines of more than {MaxLineLength} characters",
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Committed.Root, folder), "*.cs", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Committed.Root, file).Replace('\\', '/')
        where !path.Split('/').Any(name => name is "bin" or "obj")
        orderby path
        from line in LinesOutsideTexts(file)
        where line.Length > MaxLineLength
        select $"{path}:{line.Number}: {line.Length} characters");

    /// <summary>The lines of a file but those with a part of a raw string literal, where a line break would be one of the text.</summary>
    private static IEnumerable<(int Length, int Number)> LinesOutsideTexts(string file)
    {
        var (isInText, number) = (false, 0);
        foreach (var line in File.ReadLines(file))
        {
            number++;
            var quotes = line.Split("\"\"\"").Length - 1;
            if (!isInText && quotes == 0) yield return (line.Length, number);
            isInText ^= quotes % 2 == 1;
        }
    }

    /// <summary>Program.cs has top-level statements: the compiler names their type, and puts it into no namespace.</summary>
    private static bool IsProgram(SyntaxTree tree) => tree.FilePath == "LossService/Program.cs";

    /// <summary>The files of a partial type (Dd.cs, Dd.Power.cs) are one node, called as the first.</summary>
    private static string Node(string file)
    {
        var name = Path.GetFileName(file);
        var whole = file[..^name.Length] + name.Split('.')[0] + ".cs";
        return SourceCode.Current.Files.Contains(whole) ? whole : file;
    }

    /// <summary>The names of the types that stand in no other type.</summary>
    private static IEnumerable<string> TypesOf(SyntaxTree tree) => tree.GetRoot().DescendantNodes()
        .Where(node => node.Parent is BaseNamespaceDeclarationSyntax or CompilationUnitSyntax)
        .Select(node => (node as BaseTypeDeclarationSyntax)?.Identifier.Text ?? (node as DelegateDeclarationSyntax)?.Identifier.Text)
        .OfType<string>();
}
