using System.Globalization;

namespace LossService.Benchmarks.Report;

/// <summary>One line of the table of targets: this service beside a peer or a limit.</summary>
/// <param name="Work">What was done.</param>
/// <param name="Ours">This service's median.</param>
/// <param name="Against">The peer, or the limit.</param>
/// <param name="Theirs">The peer's median.</param>
/// <param name="Figure">How they stand to each other.</param>
/// <param name="Target">How they should.</param>
/// <param name="IsMet">Whether they do; null = not measured.</param>
internal sealed record Comparison(string Work, string Ours, string Against, string Theirs, string Figure, string Target, bool? IsMet)
{
    /// <summary>Times of the same work: the peer's over ours should be at least the target.</summary>
    public static Comparison Faster(string work, double ours, string against, double theirs, double target) =>
        new(work, Quantity.Time(ours), against, Quantity.Time(theirs), Quantity.Ratio(theirs / ours), $"≥ {Quantity.Ratio(target)}",
            theirs / ours >= target);

    /// <summary>A quantity of ours that has a limit.</summary>
    public static Comparison AtMost(string work, string ours, string against, double figure, double limit, Func<double, string> format) =>
        new(work, ours, against, "", format(figure), $"≤ {format(limit)}", figure <= limit);

    /// <summary>A line that could not be measured here.</summary>
    public static Comparison Skipped(string work, string against, string why) => new(work, "–", against, "–", why, "", null);
}

/// <summary>Figures as people read them: three digits, and the unit that fits.</summary>
internal static class Quantity
{
    /// <summary>Seconds, as s, ms, µs or ns.</summary>
    public static string Time(double seconds) => seconds switch
    {
        >= 1 => Digits(seconds) + " s",
        >= 1e-3 => Digits(seconds * 1e3) + " ms",
        >= 1e-6 => Digits(seconds * 1e6) + " µs",
        _ => Digits(seconds * 1e9) + " ns",
    };

    /// <summary>Bytes, as GB, MB, KB (powers of ten) or B.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1e9 => Digits(bytes / 1e9) + " GB",
        >= 1e6 => Digits(bytes / 1e6) + " MB",
        >= 1e3 => Digits(bytes / 1e3) + " KB",
        _ => Digits(bytes) + " B",
    };

    /// <summary>Bytes a second.</summary>
    public static string Speed(double bytesPerSecond) => Bytes(bytesPerSecond) + "/s";

    /// <summary>How often something happens in a second.</summary>
    public static string Rate(double perSecond) => perSecond.ToString("#,0", CultureInfo.InvariantCulture) + "/s";

    /// <summary>So many times.</summary>
    public static string Ratio(double ratio) => Digits(ratio) + "×";

    private static string Digits(double value) =>
        value.ToString(value >= 100 ? "#,0" : value >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture);
}
