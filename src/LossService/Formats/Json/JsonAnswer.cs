using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using LossService.Core.Outputs;
using LossService.Requests;

namespace LossService.Formats.Json;

/// <summary>
/// The native response. To a request with one loss it is its scores, to one with several
/// <c>{"id", "losses": {name: {scores}}, "combined": {"loss", "gradient"}, "notices"}</c>.
/// </summary>
internal static class JsonAnswer
{
    /// <summary>Writes the scores.</summary>
    /// <param name="scores">The scores of the request.</param>
    /// <param name="request">What they answer.</param>
    /// <param name="line">The number of the line in a stream; null outside a stream.</param>
    /// <param name="pipe">Where to; flushed as it fills.</param>
    /// <param name="cancellation">The client went away.</param>
    public static async ValueTask WriteAsync(
        ScoreSet scores, ScoreRequest request, long? line, PipeWriter pipe, CancellationToken cancellation)
    {
        var answer = new JsonScoresWriter(pipe, cancellation);
        if (!request.HasSeveral)
        {
            await answer.WriteAsync(scores.Single, request, line);
            return;
        }
        answer.Start(request, line);
        answer.Name("losses"u8);
        for (var i = 0; i < scores.Entries.Count; i++)
        {
            var entry = request.Entries[i];
            pipe.Write(i == 0 ? "{\""u8 : ",\""u8);
            // a name has letters and digits only
            pipe.Write(Encoding.ASCII.GetBytes(entry.Entry!.Name));
            pipe.Write("\":"u8);
            await new JsonScoresWriter(pipe, cancellation).WriteAsync(scores.Entries[i], entry);
        }
        pipe.Write("}"u8);
        if (scores.Combined is { } combined)
        {
            answer.Name("combined"u8);
            await new JsonScoresWriter(pipe, cancellation).WriteAsync(combined, request);
        }
        answer.Finish(request);
    }
}
