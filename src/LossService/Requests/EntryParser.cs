using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Options;
using LossService.Problems;

namespace LossService.Requests;

/// <summary>Reads the losses of a request with several: an object with an entry for each, by its name.</summary>
internal static class EntryParser
{
    /// <summary>The longest name of an entry: a name is part of pointers, of columns and of files' names.</summary>
    public const int MaxName = 40;

    /// <summary>Reads the object at <paramref name="json"/>. What is wrong in it is added to the request's errors.</summary>
    public static void Read(ref Utf8JsonReader json, ScoreRequest request)
    {
        var errors = request.Errors;
        if (json.TokenType != JsonTokenType.StartObject)
        {
            errors.Add(new(Fields.Losses), $"expected an object with an entry for each loss, got {JsonTexts.Describe(ref json)}");
            return;
        }
        List<ScoreRequest> entries = [];
        for (var i = 0; json.Read() && json.TokenType == JsonTokenType.PropertyName; i++)
        {
            if (i == request.Allowance.Limits.Losses)
            {
                errors.Add(new(Fields.Losses), $"expected at most {i} losses");
                return;
            }
            var isName = TryReadName(ref json, out var name);
            if (!isName)
                errors.Add(new(Fields.Losses), $"expected names of 1 to {MaxName} letters, digits, \"_\" or \"-\", got "
                    + (json.ValueSpan.Length > request.Allowance.Limits.NameBytes
                        ? $"a name of {json.ValueSpan.Length} bytes" : ClientText.Quote(json.GetString()!)));
            else if (entries.Any(entry => entry.Entry!.Name == name)) errors.Add(new("") { Entry = name }, $"duplicate loss \"{name}\"");
            json.Read();
            if (isName && ReadEntry(name, ref json, request) is { } read) entries.Add(read);
            else json.TrySkip();
        }
        request.Entries = entries;
    }

    private static bool TryReadName(ref Utf8JsonReader json, out string name)
    {
        name = JsonTexts.TryRead(ref json, MaxName, out var text) ? text : "";
        return name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
    }

    /// <summary>Reads an entry.</summary>
    /// <returns>The entry; null where it is no loss, and the reader may stand inside of it.</returns>
    private static ScoreRequest? ReadEntry(string name, ref Utf8JsonReader json, ScoreRequest request)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            request.Errors.Add(new("") { Entry = name }, $"expected an object with options, got {JsonTexts.Describe(ref json)}");
            return null;
        }
        // which loss it is must be known before the first option is read
        if (FindLoss(name, json, request) is not { } loss) return null;
        var entry = new ScoreRequest(loss, request.Allowance) { Entry = new(name) };
        for (var i = 0; json.Read() && json.TokenType == JsonTokenType.PropertyName; i++)
        {
            var isKnown = JsonTexts.TryRead(ref json, request.Allowance.Limits.NameBytes, out var field);
            if (!isKnown) field = $"a name of {json.ValueSpan.Length} bytes";
            if (i == request.Allowance.Limits.Members)
            {
                request.Errors.Add(new("") { Entry = name }, $"expected at most {i} fields");
                SkipRest(ref json);
                return null;
            }
            if (!entry.Posted.Add(field)) entry.Errors.Add(new(field), $"duplicate field {ClientText.Quote(field)}");
            json.Read();
            ReadField(field, ref json, entry);
            json.TrySkip();
        }
        foreach (var (address, detail) in entry.Errors.First)
            request.Errors.Add(address with { Entry = name }, detail);
        request.Errors.Skip(entry.Errors.Total - entry.Errors.First.Count);
        return entry;
    }

    /// <summary>Skips the rest of an object from the name of a member on.</summary>
    private static void SkipRest(ref Utf8JsonReader json)
    {
        do
        {
            json.Read();
            json.TrySkip();
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName);
    }

    /// <summary>The loss of an entry: what its member <c>loss</c> says, or else its name.</summary>
    private static Loss? FindLoss(string name, Utf8JsonReader json, ScoreRequest request)
    {
        string? said = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isLoss = json.ValueTextEquals(Fields.Loss);
            json.Read();
            // of what is no name, nothing is left
            if (isLoss && json.TokenType != JsonTokenType.Null) JsonTexts.TryRead(ref json, request.Allowance.Limits.NameBytes, out said);
            json.TrySkip();
        }
        var address = new Address(said is null ? "" : Fields.Loss) { Entry = name };
        if (LossCatalogue.Find(said ?? name) is not { } loss)
            request.Errors.Add(address, $"{ProblemTypes.DescribeUnknownLoss(said ?? name, LossCatalogue.All.Select(loss => loss.Name))}"
                + (said is null ? "; of an entry with another name, the member loss says which loss it is" : ""));
        else if (said is not null && said != name && LossCatalogue.Find(name) is not null)
            request.Errors.Add(address, $"\"{name}\" is the name of another loss than \"{said}\"; give the entry a name of its own");
        else return loss;
        return null;
    }

    private static void ReadField(string name, ref Utf8JsonReader json, ScoreRequest entry)
    {
        if (entry.Loss.FindOption(name) is { } option)
        {
            HeaderParser.ReadOption(option, ref json, entry);
            return;
        }
        switch (name)
        {
            case Fields.Loss: break;
            case Fields.Outputs or Fields.Unit: HeaderParser.TryReadField(name, ref json, entry); break;
            case Fields.Weight or Fields.LabelsFrom when json.TokenType == JsonTokenType.Null: break;
            case Fields.Weight:
                if (json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var weight) && double.IsFinite(weight))
                    entry.Entry!.Weight = weight;
                else entry.Errors.Add(new(name), $"expected a number, got {JsonTexts.Describe(ref json)}");
                break;
            case Fields.LabelsFrom: ReadSource(ref json, entry); break;
            default: entry.Errors.Add(new(name), DescribeUnknown(name, entry.Loss)); break;
        }
    }

    private static void ReadSource(ref Utf8JsonReader json, ScoreRequest entry)
    {
        var forms = entry.Loss.LabelForms;
        if (forms.Count == 0)
        {
            entry.Errors.Add(new(Fields.LabelsFrom), $"{entry.Loss.Name} takes no labels");
            return;
        }
        if (JsonTexts.TryRead(ref json, entry.Allowance.Limits.NameBytes, out var word))
            foreach (var form in forms)
                if (form.Name() == word) entry.Entry!.LabelsFrom = form;
        if (entry.Entry!.LabelsFrom is null)
            entry.Errors.Add(new(Fields.LabelsFrom), $"expected {string.Join(" or ", forms.Select(form => $"\"{form.Name()}\""))}, "
                + $"got {JsonTexts.Describe(ref json)}");
    }

    private static string DescribeUnknown(string name, Loss loss) =>
        Fields.TryFindTensor(name, out _) || Fields.HeaderOfSeveral.Contains(name)
            ? $"{name} is shared by all losses; write it beside {Fields.Losses}"
            : HeaderParser.DescribeUnknown(name, loss, [.. Fields.Entry, .. loss.Options.Select(option => option.Name)]);
}
