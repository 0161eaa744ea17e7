using System.Globalization;
using System.Text.Json;

namespace LossService.Tests.Golden;

/// <summary>
/// Compares an answer with the exact one, member by member; what is farther away than allowed is listed with its output,
/// position, and both numbers.
/// </summary>
/// <param name="isFloat64">Whether the tensors of the answer are float64; the scalars always are.</param>
/// <param name="cancels">
/// Whether the results are differences of numbers that agree to float64's 53 bits. Of the 106 bits that the service computes
/// with, half are left then, and where they stand depends on p, not on p − t: so they are judged by an absolute error.
/// </param>
internal sealed class Comparison(bool isFloat64, bool cancels)
{
    /// <summary>2^-104: two units of the last of 106 bits of a number below 1.</summary>
    private const double CancellationError = 4.93e-32;

    private readonly List<string> _mismatches = [];

    /// <summary>What does not agree.</summary>
    public IReadOnlyList<string> Mismatches => _mismatches;

    /// <summary>The farthest that a number was, by output.</summary>
    public SortedDictionary<string, ulong> Farthest { get; } = new(StringComparer.Ordinal);

    /// <summary>Compares every member that the case states.</summary>
    public void Compare(JsonElement expected, JsonElement actual)
    {
        foreach (var member in expected.EnumerateObject())
        {
            switch (member.Name)
            {
                case "gradient_at": CompareAt(member.Value, actual.GetProperty("gradient")); break;
                case "metrics": CompareMetrics(member.Value, actual.GetProperty("metrics")); break;
                case "loss" or "totals": Compare(member.Name, "", member.Value, actual.GetProperty(member.Name), Scalar); break;
                default: Compare(member.Name, "", member.Value, actual.GetProperty(member.Name), Element); break;
            }
        }
    }

    private delegate bool Reader(string output, string exact, JsonElement actual);

    private void Compare(string output, string at, JsonElement expected, JsonElement actual, Reader agrees)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Array:
                if (actual.ValueKind != JsonValueKind.Array || actual.GetArrayLength() != expected.GetArrayLength())
                {
                    Miss(output, at, $"an array of {expected.GetArrayLength()}", actual);
                    break;
                }
                for (var i = 0; i < expected.GetArrayLength(); i++)
                    Compare(output, $"{at}/{i}", expected[i], actual[i], agrees);
                break;
            case JsonValueKind.Object:
                foreach (var member in expected.EnumerateObject())
                    Compare(output, $"{at}/{member.Name}", member.Value, actual.GetProperty(member.Name), agrees);
                break;
            case JsonValueKind.String:
                var exact = expected.GetString()!;
                if (exact == "NaN" ? !IsNaN(actual) : !agrees(output, exact, actual)) Miss(output, at, exact, actual);
                break;
            case JsonValueKind.Number:
                if (actual.ValueKind != JsonValueKind.Number || actual.GetInt64() != expected.GetInt64()) Miss(output, at,
                    expected.GetRawText(), actual);
                break;
            default:
                if (actual.ValueKind != expected.ValueKind) Miss(output, at, expected.GetRawText(), actual);
                break;
        }
    }

    private void CompareAt(JsonElement entries, JsonElement gradient)
    {
        foreach (var entry in entries.EnumerateArray())
        {
            var element = entry[0].EnumerateArray().Aggregate(gradient, (array, index) => array[index.GetInt32()]);
            Compare("gradient", $"/{string.Join('/', entry[0].EnumerateArray())}", entry[1], element, Element);
        }
    }

    private void CompareMetrics(JsonElement expected, JsonElement actual)
    {
        foreach (var metric in expected.EnumerateObject())
        {
            var found = actual.GetProperty(metric.Name == "reliability" ? "bins" : metric.Name);
            var isDifference = metric.Name == "brier" || metric.Name.EndsWith("calibration_error", StringComparison.Ordinal)
                || metric.Name.EndsWith("_calibration", StringComparison.Ordinal);
            Compare("metrics", $"/{metric.Name}", metric.Value, found,
                metric.Name == "temperature_fit" ? Fitted : isDifference ? Difference : Scalar);
        }
    }

    private bool Element(string output, string exact, JsonElement actual)
    {
        if (isFloat64) return Float64(output, exact, actual, output is "gradient" or "hessian" ? 8u : 4u);
        return Number(actual, element => element.GetSingle(), float.Parse) is { } number
            && Note($"{output} float32", Distance.Of(number, exact)) <= 1;
    }

    private bool Scalar(string output, string exact, JsonElement actual) => Float64(output, exact, actual, 4);

    /// <summary>What is made of differences of probabilities from 0 to 1 is owed to the digits of those.</summary>
    private bool Difference(string output, string exact, JsonElement actual) =>
        (actual.ValueKind == JsonValueKind.Number && double.Abs(actual.GetDouble() - Distance.Rounded(exact)) <= 4 * double.ScaleB(1, -53))
        || Scalar(output, exact, actual);

    /// <summary>A temperature is known to the digits of the slope that is 0 there.</summary>
    private bool Fitted(string output, string exact, JsonElement actual) => actual.ValueKind == JsonValueKind.Number
        && double.Abs(actual.GetDouble() - Distance.Rounded(exact)) <= 1e-10 * double.Max(double.Abs(Distance.Rounded(exact)), 1);

    private bool Float64(string output, string exact, JsonElement actual, ulong allowed)
    {
        if (Number(actual, element => element.GetDouble(), double.Parse) is not { } number) return false;
        // no precision is owed where float64 itself has none
        if (double.IsSubnormal(Distance.Rounded(exact))) return double.Abs(number - Distance.Rounded(exact)) <= 1e-320;
        if (cancels && double.Abs(number - Distance.Rounded(exact)) <= CancellationError) return true;
        return Note($"{output} float64", Distance.Of(number, exact)) <= allowed;
    }

    private static T? Number<T>(JsonElement actual, Func<JsonElement, T> read, Func<string, IFormatProvider, T> parse) where T : struct =>
        actual.ValueKind switch
        {
            JsonValueKind.Number => read(actual),
            JsonValueKind.String when actual.GetString() is "Infinity" or "-Infinity" =>
                parse(actual.GetString()!, CultureInfo.InvariantCulture),
            _ => null,
        };

    private static bool IsNaN(JsonElement actual) => actual.ValueKind == JsonValueKind.String && actual.GetString() == "NaN";

    private ulong Note(string output, ulong distance)
    {
        Farthest[output] = ulong.Max(Farthest.GetValueOrDefault(output), distance);
        return distance;
    }

    private void Miss(string output, string at, string expected, JsonElement actual)
    {
        var isDouble = isFloat64 || output is "loss" or "totals" or "metrics";
        var distance = expected.Length > 0 && actual.ValueKind == JsonValueKind.Number
            && double.TryParse(expected, CultureInfo.InvariantCulture, out _)
            ? string.Create(CultureInfo.InvariantCulture, $", {(isDouble
                ? Distance.Of(actual.GetDouble(), expected) : Distance.Of(actual.GetSingle(), expected))} numbers away")
            : "";
        _mismatches.Add($"{output}{at}: expected {expected}, got {actual.GetRawText()}{distance}");
    }
}
