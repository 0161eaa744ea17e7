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
        var settings = new ServiceSettings();
        foreach (var section in FindNamed(configuration, typeof(ServiceSettings))) Write(section, settings);
        ThrowIfAny(FindErrors(configuration, "", settings, names));
        return settings;
    }

    /// <summary>
    /// The sections of a configuration that are properties of a record. The configuration has the environment's names, too.
    /// </summary>
    private static IEnumerable<IConfigurationSection> FindNamed(IConfiguration configuration, Type type) =>
        configuration.GetChildren().Where(section => SettingForm.FindProperty(type, section.Key) is not null);

    /// <summary>
    /// Writes what a section says into a record or a dictionary. The framework's binder also reads and writes every property that is not
    /// named, which took a tenth of the start.
    /// </summary>
    private static void Write(IConfigurationSection section, object target)
    {
        if (target is IDictionary named)
        {
            if (Create(section, SettingForm.FindNamed(target.GetType())!, null) is { } entry) named[section.Key] = entry;
            return;
        }
        var property = SettingForm.FindProperty(target.GetType(), section.Key)!;
        var record = SettingForm.IsValue(property.PropertyType) ? null : property.GetValue(target);
        if (Create(section, property.PropertyType, record) is { } value && value != record) property.SetValue(target, value);
    }

    /// <summary>What a section says; null where it says nothing.</summary>
    private static object? Create(IConfigurationSection section, Type type, object? record)
    {
        if (SettingForm.IsValue(type)) return section.Value is { } text ? SettingForm.Parse(type, text) : null;
        if (!section.Exists()) return record;
        record ??= Activator.CreateInstance(type)!;
        foreach (var child in section.GetChildren()) Write(child, record);
        return record;
    }

    /// <summary>
    /// What ranges and <see cref="IValidatableObject"/> say of a record and of those in it. What is not named has its default, which is
    /// valid.
    /// </summary>
    private static IEnumerable<string> FindErrors(IConfiguration configuration, string path, object settings, SettingNames names)
    {
        foreach (var section in settings is IDictionary ? configuration.GetChildren() : FindNamed(configuration, settings.GetType()))
        {
            var property = settings is IDictionary ? null : SettingForm.FindProperty(settings.GetType(), section.Key)!;
            var value = property is null ? ((IDictionary)settings)[section.Key] : property.GetValue(settings);
            var place = SettingNames.Join(path, property?.Name ?? section.Key);
            if (property?.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(value))
                yield return $"{names.Quote(place)} is not {SettingForm.Describe(property)}.";
            if (value is null || SettingForm.IsValue(value.GetType())) continue;
            foreach (var error in FindErrors(section, place, value, names)) yield return error;
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
