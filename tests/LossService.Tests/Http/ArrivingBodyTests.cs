using System.Globalization;
using System.Text;
using LossService.Tests.Support;

namespace LossService.Tests.Http;

/// <summary>A body that arrives in pieces gets the answer of one that arrives at once, to the last byte.</summary>
public sealed class ArrivingBodyTests(TestService service)
{
    private const int Rows = 600;

    public static TheoryData<string, string> Bodies => new()
    {
        { "cross_entropy", Body(Labels(), Member("logits", 30)) },
        { "cross_entropy", Body(Member("logits", 30), "\"dtype\":\"float64\"", Labels()) },
        { "cross_entropy", Body("\"dtype\":\"float64\"", Member("logits", 30), Labels()) },
        { "cross_entropy", Body("\"id\":\"[[1,\\\"logits\\\":[[1\"", Member("label_logits", 30), Member("logits", 30)) },
        { "cross_entropy", Body(Member("logits", 30)[..^20] + "x" + Member("logits", 30)[^20..], Labels()) },
        { "binary_cross_entropy", Body(Member("logits", 0), Member("labels", 0).Replace("-", "", StringComparison.Ordinal)) },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Post_InPieces_AnswersAsAtOnce(string loss, string body)
    {
        var head = $"POST /v1/losses/{loss} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n";
        var expected = await RawClient.ExchangeAsync(service.Address, head + body);

        using var client = new RawClient(service.Address);
        await client.SendAsync(head);
        for (var start = 0; start < body.Length; start += 10_007)
        {
            await client.SendAsync(body.Substring(start, Math.Min(10_007, body.Length - start)));
            // so that the server waits for the next one
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        var answer = await client.ReadAsync();
        Assert.Equal(Answered(expected!), Answered(answer!));
    }

    /// <summary>Status and body; ids and times in the headers differ.</summary>
    private static string Answered(RawAnswer answer)
    {
        var body = answer.Text[answer.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal)..];
        var id = body.IndexOf("\"request_id\"", StringComparison.Ordinal);
        return answer.Status + (id < 0 ? body : body[..id]);
    }

    private static string Body(params string[] members) => $"{{{string.Join(",", members)},\"outputs\":[\"loss\",\"gradient\"]}}";

    private static string Labels() => $"\"labels\":[{string.Join(",", Enumerable.Range(0, Rows).Select(row => row % 30))}]";

    private static string Member(string name, int classes)
    {
        var random = new Random(name.Length);
        var text = new StringBuilder($"\"{name}\":[");
        var numbers = classes == 0 ? Rows * 30 : classes;
        for (var row = 0; row < (classes == 0 ? 1 : Rows); row++)
        {
            var list = string.Join(",", Enumerable.Range(0, numbers)
                .Select(_ => (2 * random.NextDouble() - 1).ToString("0.########", CultureInfo.InvariantCulture)));
            text.Append(row == 0 ? "" : ",").Append(classes == 0 ? list : $"[{list}]");
        }
        return text.Append(']').ToString();
    }
}
