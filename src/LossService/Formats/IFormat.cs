using LossService.Core.Losses;
using LossService.Http;

namespace LossService.Formats;

/// <summary>
/// A format: how batches and their scores travel over HTTP. It knows its media types, reads batches, writes scores, and says in
/// its own terms where an error is (see <see cref="FormatRequest"/>).
/// </summary>
/// <remarks>
/// A format whose body is one batch derives from <c>BatchFormat</c>, one whose body is a stream of batches from <c>StreamFormat</c>. An
/// entry in <c>FormatCatalogue</c> is all that routes, negotiation, refusals, compression and the API document need.
/// </remarks>
internal interface IFormat
{
    /// <summary>The media types of its requests. No other format of a route reads them.</summary>
    IReadOnlyList<BodyType> Reads { get; }

    /// <summary>The media types of its responses, the preferred first.</summary>
    IReadOnlyList<BodyType> Writes { get; }

    /// <summary>Whether it reads requests with several losses.</summary>
    bool HasSeveral { get; }

    /// <summary>The name of the format of a request, in metrics and traces; one of few.</summary>
    string NameOf(HttpRequest http);

    /// <summary>Reads a request, scores it, and writes the response.</summary>
    /// <param name="loss">The loss that the route names; null = the request names several.</param>
    /// <param name="http">The request, whose media type is one of <see cref="Reads"/>.</param>
    /// <param name="type">The media type of the response: one of <see cref="Writes"/>.</param>
    /// <returns>An empty result where the response is written; otherwise the problem.</returns>
    ValueTask<IResult> AnswerAsync(Loss? loss, HttpRequest http, MediaType type);
}
