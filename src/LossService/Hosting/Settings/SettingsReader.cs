using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace LossService.Hosting.Settings;

/// <summary>
/// Reads <see cref="ServiceSettings"/>. A misspelt name would silently leave a limit at its default, or a key without effect, so
/// names that are no setting are errors, as are values that do not fit.
/// </summary>
internal static class SettingsReader
{
    private const int MaxListed = 5;

    /// <summary>Reads every setting.</summary>
    /// <exception cref="SettingsException">A name or a value is wrong, or settings contradict each other.</exception>
    public static ServiceSettings Read(IConfigurationRoot configuration)
    {
        var names = new SettingNames(configuration);
        ThrowIfAny(names.FindErrors(typeof(ServiceSettings)));
        var settings = configuration.Get<ServiceSettings>() ?? new();
        ThrowIfAny(FindErrors(settings, path: "", names));
        return settings;
    }

    /// <summary>What ranges and <see cref="IValidatableObject"/> say of a record and of those in it.</summary>
    private static IEnumerable<string> FindErrors(object settings, string path, SettingNames names)
    {
        foreach (var property in settings.GetType().GetProperties())
        {
            var place = SettingNames.Join(path, property.Name);
            var value = property.GetValue(settings);
            if (property.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(value))
                yield return $"{names.Quote(place)} is not {SettingForm.Describe(property)}.";
            var inner = value is IDictionary named
                ? named.Keys.Cast<string>().Select(name => (Place: SettingNames.Join(place, name), Value: named[name]))
                : [(place, value)];
            foreach (var part in inner)
            {
                if (part.Value is null || SettingForm.IsValue(part.Value.GetType())) continue;
                foreach (var error in FindErrors(part.Value, part.Place, names)) yield return error;
            }
        }
        if (settings is not IValidatableObject whole) yield break;
        foreach (var result in whole.Validate(new(settings)))
            yield return $"{SettingNames.Show(SettingNames.Join(path, string.Concat(result.MemberNames)))} {result.ErrorMessage}";
    }

    private static void ThrowIfAny(IEnumerable<string> found)
    {
        var errors = found.ToList();
        if (errors.Count == 0) return;
        var rest = errors.Count > MaxListed ? $" There are {errors.Count - MaxListed} more errors." : "";
        throw new SettingsException(string.Join(' ', errors.Take(MaxListed)) + rest);
    }
}
