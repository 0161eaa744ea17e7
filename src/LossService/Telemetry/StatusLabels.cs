using System.Globalization;

namespace LossService.Telemetry;

/// <summary>HTTP statuses as labels, each made once.</summary>
internal static class StatusLabels
{
    private const int Statuses = 600;

    private static readonly string?[] Texts = new string?[Statuses];
    private static readonly object?[] Numbers = new object?[Statuses];

    /// <summary>A status as a text.</summary>
    public static string Text(int status) => Texts[status] ??= status.ToString(CultureInfo.InvariantCulture);

    /// <summary>A status as a number.</summary>
    public static object Number(int status) => Numbers[status] ??= status;
}
