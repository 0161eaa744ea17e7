using System.Xml.Linq;
using LossService.Core.Losses;
using LossService.Tests.Support;

namespace LossService.Tests.Architecture;

/// <summary>Core is usable by itself: it needs the base class library and nothing else.</summary>
public sealed class CoreTests
{
    private static readonly string[] References = ["PackageReference", "ProjectReference", "FrameworkReference", "Reference"];

    [Fact]
    public void Project_ReferencesNothing()
    {
        var project = XDocument.Load(Path.Combine(Committed.Root, "src/LossService.Core/LossService.Core.csproj"));
        // the web SDK would bring ASP.NET without a reference
        Assert.Equal("Microsoft.NET.Sdk", project.Root!.Attribute("Sdk")?.Value);
        Violations.AssertNone("references in LossService.Core.csproj",
            project.Descendants().Where(element => References.Contains(element.Name.LocalName)));
    }

    [Fact]
    public void Assembly_UsesTheBaseClassLibraryOnly()
    {
        // Microsoft.NETCore.App lies beside System.Private.CoreLib, and ASP.NET elsewhere
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        Violations.AssertNone("assemblies that LossService.Core.dll uses from outside the framework",
            typeof(Loss).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
                .Where(name => !File.Exists(Path.Combine(framework, name + ".dll"))));
    }
}
