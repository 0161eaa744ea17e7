using LossService.Core.Losses;
using LossService.Formats.Arrow;
using LossService.Formats.Json;
using LossService.Formats.Ndjson;
using LossService.Formats.Numpy;
using LossService.Http;
using LossService.Requests;

namespace LossService.Formats;

/// <summary>The formats of the native route, in one list. Everything that must name them iterates over it.</summary>
internal sealed class FormatCatalogue
{
    private readonly Dictionary<string, IFormat> _byPosted;

    /// <summary>Lists the formats.</summary>
    public FormatCatalogue(Scoring scoring, Admission admission, ILoggerFactory loggers)
    {
        IFormat[] formats =
        [
            new JsonFormat(scoring, admission),
            new NdjsonFormat(scoring, admission, loggers.CreateLogger<NdjsonFormat>()),
            new NumpyFormat(scoring, admission),
            new ArrowFormat(scoring, admission, loggers.CreateLogger<ArrowFormat>()),
        ];
        _byPosted = formats.SelectMany(format => format.Reads, (format, type) => (type.Name, format)).ToDictionary();
        Reads = [.. formats.SelectMany(format => format.Reads)];
        OfSeveral = [.. formats.Where(format => format.HasSeveral).SelectMany(format => format.Reads)];
        Writes = [.. formats.SelectMany(format => format.Writes).DistinctBy(type => type.Name)];
    }

    /// <summary>Every media type that a request can have.</summary>
    public IReadOnlyList<BodyType> Reads { get; }

    /// <summary>Every media type that a request with several losses can have.</summary>
    public IReadOnlyList<BodyType> OfSeveral { get; }

    /// <summary>Every media type that a response can have.</summary>
    public IReadOnlyList<BodyType> Writes { get; }

    /// <summary>Answers a request in the format that its headers name.</summary>
    /// <param name="loss">The loss that the route names; null = the request names several.</param>
    /// <param name="http">The request.</param>
    public ValueTask<IResult> AnswerAsync(Loss? loss, HttpRequest http)
    {
        if (!MediaTypes.FindPosted(http, loss is null ? OfSeveral : Reads).TryGet(out var posted, out var problem)) return new(problem);
        var format = _byPosted[posted.Name];
        return MediaTypes.FindAccepted(http, format.Writes).TryGet(out var accepted, out problem)
            ? format.AnswerAsync(loss, http, accepted) : new(problem);
    }
}
