using System.Globalization;
using System.Text;
using System.Text.Json;
using LossService.Core.Options;
using LossService.Formats.Json;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <content>Its parameters.</content>
internal sealed partial class OipRequest
{
    /// <summary>The parameter that limits the time for a response, in microseconds.</summary>
    public const string Timeout = "timeout";

    /// <summary>Takes a parameter from JSON.</summary>
    public void SetParameter(string name, ref Utf8JsonReader json)
    {
        if (IsForOthers(name)) return;
        if (json.TokenType == JsonTokenType.Null) SetParameter(name);
        else if (name == Timeout && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var microseconds))
            SetParameter(name, microseconds);
        else if (name == Timeout) Note(name, $"expected a whole number of microseconds, got {JsonTexts.Describe(ref json)}");
        else if (JsonTexts.TryRead(ref json, Batch.Allowance.Limits.ParameterBytes, out var text)) SetParameter(name, text);
        else if (json.TokenType == JsonTokenType.String)
            Note(name, $"expected at most {Batch.Allowance.Limits.ParameterBytes} bytes, got {JsonTexts.Describe(ref json)}");
        else if (!IsParameter(name)) return;
        else if (Batch.Loss.FindOption(name) is { } option) HeaderParser.ReadOption(option, ref json, Batch);
        else if (!HeaderParser.TryReadField(name, ref json, Batch)) Note(name, HeaderParser.DescribeUnknown(name, Batch.Loss));
    }

    /// <summary>Takes a parameter that is a number.</summary>
    public void SetParameter(string name, double value)
    {
        if (IsForOthers(name) || TrySetDivisor(name, value)) return;
        if (FindOption(name) is not { } option) return;
        var isSet = double.IsInteger(value) && Math.Abs(value) < 1L << 53
            ? Batch.Options.TrySet(option, (long)value)
            : double.IsFinite(value) && Batch.Options.TrySet(option, value);
        if (!isSet) Refuse(option, value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Takes a parameter that is an integer.</summary>
    public void SetParameter(string name, long value)
    {
        if (IsForOthers(name)) return;
        if (name == Timeout)
        {
            // Triton's clients send 0 for no timeout; microseconds beyond a day are none either
            if (value < 0) Note(name, $"expected a number of microseconds, got {value}");
            else if (value > 0 && value < TimeSpan.MicrosecondsPerDay) Deadline = TimeSpan.FromMicroseconds(value);
            return;
        }
        if (TrySetDivisor(name, value)) return;
        if (FindOption(name) is { } option && !Batch.Options.TrySet(option, value))
            Refuse(option, value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Takes a parameter that is an integer beyond int64.</summary>
    public void SetParameter(string name, ulong value)
    {
        if (IsForOthers(name) || TrySetDivisor(name, value)) return;
        if (FindOption(name) is { } option && !Batch.Options.TrySet(option, (double)value))
            Refuse(option, value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Takes a parameter that is a boolean.</summary>
    public void SetParameter(string name, bool value)
    {
        if (IsForOthers(name)) return;
        if (FindOption(name) is { } option && !Batch.Options.TrySet(option, value)) Refuse(option, value ? "true" : "false");
    }

    /// <summary>Takes a parameter without a value, which means that it is not given.</summary>
    public void SetParameter(string name)
    {
        if (!IsForOthers(name) && name != Timeout && !Fields.Header.Contains(name)) FindOption(name);
    }

    /// <summary>
    /// Takes a parameter that is a string. The protocol has no lists, and KServe's has no fractions: a string may hold either as JSON.
    /// </summary>
    public void SetParameter(string name, string text)
    {
        if (IsForOthers(name) || !IsParameter(name)) return;
        if (text.Length > Batch.Allowance.Limits.ParameterBytes)
        {
            Note(name, $"expected at most {Batch.Allowance.Limits.ParameterBytes} characters, got {text.Length}");
            return;
        }
        if (Batch.Loss.FindOption(name) is not { } option)
        {
            if (name == Timeout) FindOption(name);
            else if (!HeaderParser.TrySetField(name, text, Batch)) Note(name, HeaderParser.DescribeUnknown(name, Batch.Loss));
        }
        else if (!Batch.Options.TrySet(option, text) && !TryReadNumbers(option, text))
        {
            Refuse(option, ClientText.Quote(text));
        }
    }

    /// <summary>Takes the one field of the header that is a number.</summary>
    private bool TrySetDivisor(string name, double value)
    {
        if (name != Fields.Divisor || !IsParameter(name)) return false;
        Batch.Divisor = value;
        return true;
    }

    private Option? FindOption(string name)
    {
        if (!IsParameter(name)) return null;
        var option = Batch.Loss.FindOption(name);
        if (name == Timeout) Note(name, "expected a whole number of microseconds");
        else if (name == Fields.Divisor) Note(name, "expected a number above 0");
        else if (option is null && Fields.Header.Contains(name)) Note(name, "expected a string");
        else if (option is null) Note(name, HeaderParser.DescribeUnknown(name, Batch.Loss));
        return option;
    }

    /// <summary>Whether a parameter is for a server that schedules requests or decodes strings, which this one need not.</summary>
    private static bool IsForOthers(string name) =>
        name is "priority" or "sequence_id" or "sequence_start" or "sequence_end" or "headers" or "content_type";

    private bool IsParameter(string name)
    {
        Addresses.Add(name, OipAddresses.Pointer("parameters", name), name);
        if (name is not (Fields.TensorEncoding or Fields.Outputs or Fields.Id)) return true;
        Note(name, $"{name} is not a parameter; the protocol has its own place for it");
        return false;
    }

    private void Refuse(Option option, string got) => Note(option.Name, $"expected {option.Accepts}, got {got}");

    private bool TryReadNumbers(Option option, string text)
    {
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), JsonText.Strict);
        if (!IsNumberOrList(json)) return false;
        // a pointer leads to the text, not into it
        Addresses.Add(option.Name, OipAddresses.Pointer("parameters", option.Name), option.Name, OipLayout.Opaque);
        json.Read();
        try
        {
            HeaderParser.ReadOption(option, ref json, Batch);
        }
        catch (InvalidOperationException)
        {
            Note(option.Name, "a string in it has an unpaired surrogate");
        }
        return true;
    }

    private static bool IsNumberOrList(Utf8JsonReader text)
    {
        try
        {
            return text.Read() && text.TokenType is JsonTokenType.Number or JsonTokenType.StartArray
                && text.TrySkip() && !text.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
