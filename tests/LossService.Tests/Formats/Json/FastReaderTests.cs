using System.Text;
using System.Text.Json;
using LossService.Core.Losses;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Formats.Numbers;
using LossService.Requests;
using LossService.Tests.Formats.Numbers;
using LossService.Tests.Shared;
using LossService.Tests.Support;

namespace LossService.Tests.Formats.Json;

/// <summary>
/// The fast reader against the exact one, on valid requests of every loss in any order and spacing, damaged at random, that arrive in
/// pieces: what the fast one takes, the exact one takes without a word, and both have read the same, bit for bit.
/// </summary>
public sealed class FastReaderTests
{
    private const int Cases = 1500;

    private static readonly string[] Spaces = ["", "", "", " ", "\n", "\t \r\n"];

    private static readonly string[] Extras =
    [
        "\"id\":\"plain\"", "\"id\":\"\"", "\"id\":\"Ωμέγα 🦉\"", "\"id\":\"a\\\"b\\\\ \\u00e9\\ud83e\\udd89\"", "\"id\":\"\\ud83e\"",
        "\"unit\":\"nats\"",
        "\"mean_over\":\"samples\"", "\"divisor\":12.5", "\"mask\":[true,false,true]", "\"mask\":[[true,false],[true,true]]",
        "\"dtype\":\"float64\"",
        "\"sample_weight\":[1,\"NaN\",2]", "\"labels\":[]", "\"l\\u006fgits\":[1,2]", "\"reduction\":\"none\"", "\"labels\":[0,1.0,-0]",
        "\"gamma\":1e2",
    ];

    private static ReadOnlySpan<byte> Alphabet => "0123456789.-+eE,,:[]{} \n\t\"\\\0ntf/é"u8;

    [Theory]
    [MemberData(nameof(LossTheories.Every), MemberType = typeof(LossTheories))]
    public void TryRead_WhatItTakes_IsWhatTheExactReaderReads(string name)
    {
        var loss = LossCatalogue.Find(name)!;
        var random = new Random(20260301);
        var taken = 0;
        for (var i = 0; i < Cases; i++)
        {
            var body = Encoding.UTF8.GetBytes(Shuffled(Drawn(loss, random), random));
            if (i % 3 > 0) body = Damaged(body, random);
            if (AreSame(loss, body, random)) taken++;
        }

        // the law would hold for a reader that declines everything
        Assert.InRange(taken, Cases / 5, Cases);
    }

    private static WrittenBatch Drawn(Loss loss, Random random) =>
        new(BatchGenerator.Draw(loss, new BatchSpace { Rows = (1, 4), Classes = (1, 6), Scales = [4, 40] }, random.Next()));

    /// <summary>The members in another order and spacing, some of them gone, perhaps one more.</summary>
    private static string Shuffled(WrittenBatch batch, Random random)
    {
        using var json = JsonDocument.Parse(batch.Body);
        var members = json.RootElement.EnumerateObject().Where(_ => random.Next(8) > 0).Select(Spaced).ToList();
        if (random.Next(2) == 0) members.Add(Extras[random.Next(Extras.Length)]);
        var ordered = members.ToArray();
        random.Shuffle(ordered);
        return $"{Space()}{{{Space()}{string.Join($"{Space()},{Space()}", ordered)}{Space()}}}{Space()}";

        string Space() => Spaces[random.Next(Spaces.Length)];

        string Spaced(JsonProperty member) =>
            $"\"{member.Name}\"{Space()}:{Space()}{member.Value.GetRawText().Replace(",", $",{Space()}", StringComparison.Ordinal)}";
    }

    private static byte[] Damaged(byte[] text, Random random)
    {
        if (random.Next(12) == 0) return text[..random.Next(text.Length)];
        var damaged = new List<byte>(text);
        for (var edits = 1 + random.Next(2); edits > 0; edits--)
        {
            var at = random.Next(damaged.Count);
            var character = Alphabet[random.Next(Alphabet.Length)];
            switch (random.Next(5))
            {
                case 0: damaged[at] = character; break;
                case 1: damaged.Insert(at, character); break;
                case 2: damaged.RemoveAt(at); break;
                case 3: damaged[at] ^= (byte)(1 << random.Next(8)); break;
                default: damaged.InsertRange(at, damaged.GetRange(at, Math.Min(random.Next(1, 40), damaged.Count - at))); break;
            }
        }
        return [.. damaged];
    }

    /// <returns>Whether the fast reader took the body; fails where the exact reader then disagrees.</returns>
    private static unsafe bool AreSame(Loss loss, byte[] text, Random random)
    {
        using var arriving = new ArrivingBody(text, Alphabet[random.Next(Alphabet.Length)]);
        using var ahead = new ReadAhead(["logits", "probabilities", "label_logits", "labels"], new(long.MaxValue));
        while (!arriving.IsWhole)
        {
            arriving.Append(random.Next(1, 1 + Math.Max(1, text.Length / 3)));
            while (ahead.Advance(arriving.Body, text.Length)) { }
        }
        using var fast = new ScoreRequest(loss);
        if (!FastJsonRequestReader.TryRead(arriving.Body.Start, arriving.Body.Start + text.Length, fast, ahead)) return false;

        using var exact = new ScoreRequest(loss);
        var problem = JsonRequestReader.ReadExactly(text, exact);
        var body = $"{loss.Name}: {Encoding.UTF8.GetString(text)}";
        Assert.True(problem is null, $"{problem?.Detail}\n{body}");
        Assert.True(exact.Errors.Total == 0 && fast.Errors.Total == 0, $"{string.Join(", ", exact.Errors.First)}\n{body}");
        Assert.True(Header(exact) == Header(fast), $"{Header(exact)}\n{Header(fast)}\n{body}");
        foreach (var name in Enum.GetValues<TensorField>())
        {
            var (expected, actual) = (exact[name], fast[name]);
            Assert.Equal(expected is null, actual is null);
            if (expected is null || actual is null) continue;
            Assert.True(expected.DType == actual.DType, $"{name}: {expected.DType} or {actual.DType}\n{body}");
            Assert.True(expected.Shape.ToString() == actual.Shape.ToString(), $"{name}: {expected.Shape} or {actual.Shape}\n{body}");
            Assert.True(Bytes(expected).SequenceEqual(Bytes(actual)), $"{name} has other elements\n{body}");
            Assert.True(!actual.IsFinite || AreFinite(actual), $"{name} is not finite\n{body}");
        }
        return true;
    }

    /// <summary>All but the tensors, as text.</summary>
    private static string Header(ScoreRequest request) => string.Join("; ",
        request.Outputs, request.Reduction, request.MeanOver, request.Divisor, request.DType, request.Unit,
        JsonSerializer.Serialize(request.Id),
        string.Join(",", request.Posted.Order(StringComparer.Ordinal)),
        string.Join(",", request.Options.Given
            .Select(given => $"{given.Option.Name}={JsonSerializer.Serialize(given.GetType().GetProperty("Value")!.GetValue(given))}")));

    private static unsafe ReadOnlySpan<byte> Bytes(Tensor tensor) => new(tensor.Data, (int)(tensor.Count * tensor.DType.Size()));

    private static bool AreFinite(Tensor tensor)
    {
        var values = new double[tensor.Count];
        tensor.Read(0, values);
        return values.All(double.IsFinite);
    }
}
