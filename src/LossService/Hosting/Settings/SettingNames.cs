using System.Reflection;
using LossService.Problems;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace LossService.Hosting.Settings;

/// <summary>Compares the names and texts of a configuration with the properties of a record of settings.</summary>
internal sealed class SettingNames(IConfigurationRoot configuration)
{
    /// <summary>The settings below are hashes of secrets, or by mistake secrets, which no message may show.</summary>
    private const string Secrets = "Auth:";

    private const int MaxNameLength = 200;

    /// <summary>The names that are no setting, and the texts that are no value of their setting.</summary>
    public IEnumerable<string> FindErrors(Type settings) => settings.GetProperties().SelectMany(property =>
        FindErrors(configuration.GetSection(property.Name), property.PropertyType, property));

    /// <summary>A path in the configuration: <c>Limits:BodyBytes</c>.</summary>
    public static string Join(string path, string name) => path.Length == 0 || name.Length == 0 ? path + name : $"{path}:{name}";

    /// <summary>A path as the name of an environment variable: <c>Limits__BodyBytes</c>.</summary>
    public static string Show(string path) =>
        ClientText.Shorten(path.Replace(":", "__", StringComparison.Ordinal), MaxNameLength);

    /// <summary>A setting with its value and its source: <c>Limits__BodyBytes="abc" (in the environment)</c>.</summary>
    public string Quote(string path) => configuration[path] is { } value && !path.StartsWith(Secrets, StringComparison.OrdinalIgnoreCase)
        ? $"{Show(path)}={ClientText.Quote(value)} ({FindSource(path)})" : Show(path);

    private IEnumerable<string> FindErrors(IConfigurationSection section, Type type, PropertyInfo? property)
    {
        var (value, children) = (section.Value, section.GetChildren());
        if (SettingForm.IsValue(type))
        {
            if (value is not null && SettingForm.Parse(type, value) is null)
                yield return $"{Quote(section.Path)} is not {SettingForm.Describe(property!)}.";
            foreach (var child in children) yield return $"{Show(child.Path)} is not a setting: {Show(section.Path)} is one value.";
            yield break;
        }
        if (!string.IsNullOrEmpty(value)) yield return $"{Quote(section.Path)} is not a setting, but a group of settings.";
        foreach (var child in children)
        {
            var named = SettingForm.FindNamed(type);
            var own = named is null ? SettingForm.FindProperty(type, child.Key) : null;
            var inner = named ?? own?.PropertyType;
            if (inner is null) yield return $"{Quote(child.Path)} is not a setting{Suggest(type, section, child.Key)}";
            else foreach (var error in FindErrors(child, inner, own)) yield return error;
        }
    }

    private static string Suggest(Type type, IConfigurationSection section, string unknown)
    {
        var names = type.GetProperties().Select(property => property.Name).ToList();
        return names.Find(name => name.Equals(Nearest.Find(unknown, names.Select(one => one.ToLowerInvariant())),
            StringComparison.OrdinalIgnoreCase)) is { } near
            ? $"; did you mean {Show(Join(section.Path, near))}?" : $"; {Show(section.Path)} has {string.Join(", ", names)}.";
    }

    private string FindSource(string path) => configuration.Providers.Reverse().First(provider => provider.TryGet(path, out _)) switch
    {
        JsonConfigurationProvider json => $"in {json.Source.Path}",
        EnvironmentVariablesConfigurationProvider => "in the environment",
        CommandLineConfigurationProvider => "on the command line",
        _ => "in the configuration of the host",
    };
}
