using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace LossService.OpenApi;

/// <summary>The summaries of properties, from the file of documentation that the compiler writes beside the program.</summary>
internal static partial class PropertySummary
{
    private static readonly Lazy<XDocument> File = new(() =>
        XDocument.Load(Path.ChangeExtension(typeof(PropertySummary).Assembly.Location, "xml")));

    /// <summary>The summary as text in one line; members that it refers to are named as in JSON.</summary>
    public static string Read(PropertyInfo property)
    {
        var id = $"P:{property.DeclaringType}.{property.Name}";
        var summary = File.Value.Descendants("member").First(member => (string?)member.Attribute("name") == id).Element("summary")!;
        var words = summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "see" } see => $"`{LimitName((string?)see.Attribute("cref") ?? "")}`",
            XElement code => $"`{code.Value}`",
            _ => node.ToString(),
        });
        return Spaces().Replace(string.Concat(words), " ").Trim();
    }

    /// <summary>The name of a property in JSON.</summary>
    public static string LimitName(string property) => Problems.Problem.Json.PropertyNamingPolicy!.ConvertName(property.Split('.')[^1]);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
