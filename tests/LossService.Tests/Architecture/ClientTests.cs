using System.Xml.Linq;
using LossService.Client;
using LossService.Tests.Support;

namespace LossService.Tests.Architecture;

/// <summary>
/// The client shares nothing with the service but what is on the wire, so that an application that posts batches need not have the
/// service's version, nor the code of its losses.
/// </summary>
public sealed class ClientTests
{
    [Fact]
    public void Project_ReferencesNoOther()
    {
        var project = XDocument.Load(Path.Combine(Committed.Root, "src/LossService.Client/LossService.Client.csproj"));
        Assert.Equal("Microsoft.NET.Sdk", project.Root!.Attribute("Sdk")?.Value);
        Violations.AssertNone("references in LossService.Client.csproj that are no packages", project.Descendants()
            .Where(element => element.Name.LocalName is "ProjectReference" or "FrameworkReference" or "Reference"));
    }

    [Fact]
    public void Assembly_UsesNeitherTheServiceNorAspNetCore() => Violations.AssertNone("assemblies that LossService.Client.dll uses",
        typeof(LossClient).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => name.StartsWith("LossService", StringComparison.Ordinal)
                || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)));
}
