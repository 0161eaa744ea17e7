using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace LossService.Hosting.Settings;

/// <summary>What a setting can be: one value, a record of named settings, or a dictionary, whose names the operator chooses.</summary>
internal static class SettingForm
{
    /// <summary>Whether the type is one value: a text, true or false, or a number.</summary>
    public static bool IsValue(Type type) => CodeOf(type) != TypeCode.Object;

    /// <summary>The type of what stands under a name that the operator chooses; null where the names are fixed.</summary>
    public static Type? FindNamed(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>) ? type.GetGenericArguments()[1] : null;

    /// <summary>The property of a record for a name, in whatever case it is written; null where there is none.</summary>
    public static PropertyInfo? FindProperty(Type type, string name) =>
        type.GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);

    /// <summary>The value of the type that a text is; null where it is none.</summary>
    public static object? Parse(Type type, string text) => CodeOf(type) switch
    {
        TypeCode.String => text,
        TypeCode.Boolean => bool.TryParse(text, out var value) ? value : null,
        TypeCode.Int32 => int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null,
        TypeCode.Int64 => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null,
        TypeCode.Double => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null,
        var code => throw new NotSupportedException($"no setting is of {code}"),
    };

    /// <summary>The values that a setting takes: <c>a whole number from 1 to 1000</c>.</summary>
    public static string Describe(PropertyInfo property)
    {
        var form = CodeOf(property.PropertyType) switch
        {
            TypeCode.Boolean => "true or false",
            TypeCode.Int32 or TypeCode.Int64 => "a whole number",
            TypeCode.Double => "a number",
            _ => "a text",
        };
        if (property.GetCustomAttribute<RangeAttribute>() is not { } range) return form;
        var isUnbounded = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture) >= int.MaxValue;
        return form + (isUnbounded
            ? string.Create(CultureInfo.InvariantCulture, $" of at least {range.Minimum}")
            : string.Create(CultureInfo.InvariantCulture, $" from {range.Minimum} to {range.Maximum}"));
    }

    private static TypeCode CodeOf(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type);
}
