using System.Runtime.InteropServices;
using System.Text;
using LossService.Benchmarks.Peers;
using LossService.Benchmarks.Racing;
using LossService.Benchmarks.Report;

namespace LossService.Benchmarks.Chapters;

/// <summary>One batch with two losses: one request beside two, as JSON and as bytes in base64.</summary>
internal static class SeveralLosses
{
    private const int Rows = 1024, Classes = 1000;

    public static Chapter Measure(Workshop workshop)
    {
        using var server = Server.Start(workshop.LossService);
        server.WarmUp();
        var batch = new DrawnBatch(Rows, Classes);
        var labels = $"\"labels\":[{string.Join(',', batch.Labels)}]";
        var text = $"\"logits\":{Encoding.ASCII.GetString(batch.ToJsonArray(asPython: false))},{labels}";
        var bytes = $"\"logits\":{{\"dtype\":\"float32\",\"shape\":[{Rows},{Classes}],\"data\":\""
            + Convert.ToBase64String(MemoryMarshal.AsBytes<float>(batch.Logits)) + $"\"}},\"tensor_encoding\":\"base64\",{labels}";

        var table = new Table("cross_entropy and focal", "two requests", "one, both answers", "one, combined");
        var comparisons = new List<Comparison>();
        const string Both = "\"losses\":{\"cross_entropy\":{},\"focal\":{\"weight\":0.5}}";
        foreach (var (encoding, members) in new[] { ("JSON", text), ("base64", bytes) })
        {
            foreach (var outputs in new string[][] { ["loss"], ["loss", "gradient"] })
            {
                var asked = $"\"outputs\":[\"{string.Join("\",\"", outputs)}\"]";
                byte[][] alone = [Message("/cross_entropy", members, asked), Message("/focal", members, asked)];
                List<Contender> contenders =
                [
                    Posting("two requests", server.Port, alone),
                    Posting("both answers", server.Port, Message("", members, Both, asked)),
                ];
                // it answers the loss and the gradient of the sum, and no other gradient
                if (outputs.Length > 1)
                    contenders.Add(Posting("their weighted sum", server.Port, Message("", members, Both, "\"combined\":true")));
                var times = workshop.Race.Run([.. contenders]);
                var work = $"{encoding}, {Rows}×{Classes}, {string.Join(" + ", outputs)}";
                var cells = times[1..].Select(time => $"{Quantity.Time(time)} ({Quantity.Ratio(time / times[0])})").ToList();
                if (cells.Count == 1) cells.Add("–");
                table.Rows.Add([work, Quantity.Time(times[0]), .. cells]);
                for (var i = 1; i < times.Length; i++)
                {
                    comparisons.Add(Comparison.AtMost($"two losses, {work}, {contenders[i].Name}", Quantity.Time(times[i]),
                        $"two requests, {Quantity.Time(times[0])}", times[i] / times[0], 0.7, Quantity.Ratio));
                }
            }
        }
        return new("Several losses",
            """
            Two losses over one batch, on one connection: in two requests one after the other, and in one request to `/v1/losses`, which answers
            both, or the weighted sum with its gradient alone (`combined`), which is what training needs.
            """, table, comparisons);
    }

    private static byte[] Message(string loss, params string[] members) =>
        HttpConnection.Message($"/v1/losses{loss}", Encoding.ASCII.GetBytes($"{{{string.Join(',', members)}}}"));

    private static Contender Posting(string name, int port, params byte[][] messages)
    {
        var http = new HttpConnection(port);
        return Contender.Timed(name, () =>
        {
            foreach (var message in messages) http.Post(message);
        });
    }
}
