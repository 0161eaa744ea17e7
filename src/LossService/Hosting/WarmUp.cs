using System.IO.Pipelines;
using System.Text;
using LossService.Core.Losses;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Requests;

namespace LossService.Hosting;

/// <summary>
/// A batch that nobody asked for, scored while the host is being put together: the compiler is done with the way from bytes to
/// scores, or well on it, when the first client comes. Measured: its answer comes some 35 ms earlier.
/// </summary>
internal static class WarmUp
{
    /// <summary>Scores it beside whatever comes next, and leaves nothing behind.</summary>
    public static void Score() => Task.Run(async () =>
    {
        var loss = LossCatalogue.Find("cross_entropy")!;
        using var text = new RequestBody(0);
        text.Append(Encoding.UTF8.GetBytes(loss.Page.Example));
        using var batch = new JsonBatch(loss);
        batch.Read(text);
        batch.Score(new Scoring(new RequestValidator()), new Limits(), CancellationToken.None);
        await batch.WriteAsync(PipeWriter.Create(Stream.Null), null, CancellationToken.None);
    });
}
