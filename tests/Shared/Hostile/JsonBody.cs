namespace LossService.Tests.Shared.Hostile;

/// <summary>Writes batches as JSON objects, and as lines of a stream.</summary>
internal static class JsonBody
{
    private static readonly string[] DTypes = ["float32", "float64", "float16", "bfloat16", "int64", "bool", "uint8", "float8"];

    /// <summary>Writes one batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="to">Where to.</param>
    /// <param name="choices">Decides how.</param>
    /// <param name="losses">How often its loss is among several; 0 = the route names it.</param>
    public static void Write(HostileBatch batch, BodyText to, Choices choices, int losses = 0)
    {
        var areMembersFirst = choices.OneIn(4);
        var first = true;
        to.Add("{");
        if (areMembersFirst) WriteMembers();
        foreach (var (name, tensor) in batch.Tensors)
        {
            Name(name);
            if (choices.OneIn(6)) tensor.WriteBase64(to, choices.Of<string>(DTypes), choices);
            else tensor.WriteNested(to);
        }
        if (batch.Outputs is not null)
        {
            Name("outputs");
            to.Add("[").Add(string.Join(',', batch.Outputs.Select(output => $"\"{output}\""))).Add("]");
        }
        if (!areMembersFirst) WriteMembers();
        to.Add("}");

        void WriteMembers()
        {
            if (losses == 0)
            {
                AddMembers();
                return;
            }
            Name("combined");
            to.Add(choices.Of("true", "false"));
            Name("losses");
            for (var i = 0; i < losses; i++)
            {
                to.Add(i == 0 ? "{" : "},").Add($"\"{i}\":{{\"loss\":\"{batch.Loss.Name}\"");
                AddMembers();
            }
            to.Add("}}");
            first = false;
        }

        void AddMembers()
        {
            foreach (var (name, value) in batch.Members)
            {
                Name(name);
                to.Add(value.Bytes);
            }
        }

        void Name(string name)
        {
            to.Add(first ? "\"" : ",\"").Add(name).Add("\":");
            first = false;
        }
    }

    /// <summary>Writes a stream of a few different lines, again and again.</summary>
    /// <returns>The loss of its first line, and how many lines there are at most.</returns>
    public static HostileBatch WriteLines(BodyText to, Choices choices, out int lines)
    {
        var kinds = 1 + choices.Below(3);
        var times = 1 + choices.Size(to.Room / 32);
        var round = new BodyText(to.Room);
        HostileBatch? first = null;
        for (var i = 0; i < kinds; i++)
        {
            var line = new BodyText(Math.Max(64, to.Room / times / kinds));
            var batch = HostileBatch.Draw(choices, line.Room);
            first ??= batch;
            Write(batch, line, choices);
            round.Add(line.Bytes).Add(choices.Of("\n", "\r\n", "\n\n", " \n"));
        }
        to.Repeat(round.Bytes, times);
        if (choices.OneIn(8)) to.Repeat(choices.Of("\n", "{", "[", " ", "{}\n"), choices.Size(to.Room));
        lines = 1 + to.Bytes.Count((byte)'\n');
        return first!;
    }
}
