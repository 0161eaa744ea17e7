using System.Globalization;

namespace LossService.Problems;

/// <summary>Every problem there is, each with its one status, type and title.</summary>
public static class ProblemTypes
{
    /// <summary>400: the body is not RFC 8259 JSON.</summary>
    public static Problem InvalidJson(string detail, long offset) =>
        new(400, "invalid-json", "The body is not valid JSON", detail) { ByteOffset = offset };

    /// <summary>400: the request breaks HTTP itself.</summary>
    public static Problem BadRequest(int status, string detail) =>
        new(status, "bad-request", "The request is malformed", detail);

    /// <summary>404: no loss of that name.</summary>
    public static Problem UnknownLoss(string name, IEnumerable<string> known) =>
        new(404, "unknown-loss", "There is no such loss", $"There is no loss \"{name}\"{Nearest.Suggest(name, known)}; GET /v1/losses lists them.");

    /// <summary>404: the loss is there, as a model, in no such version.</summary>
    public static Problem UnknownVersion(string name, string version, string have) =>
        new(404, "not-found", "There is nothing here", $"There is no version \"{version}\" of {name}; there is version {have}.");

    /// <summary>404: nothing at this path.</summary>
    public static Problem NotFound(string path) =>
        new(404, "not-found", "There is nothing here", $"There is nothing at {path}; the losses are at /v1/losses, the documentation at /swagger.");

    /// <summary>405: not with this method.</summary>
    public static Problem MethodNotAllowed(string method, string allow) =>
        new(405, "method-not-allowed", "The method is not allowed here", $"{method} is not allowed here; allowed: {allow}.");

    /// <summary>406: the client does not take what we have.</summary>
    public static Problem NotAcceptable(string accept, string have) =>
        new(406, "not-acceptable", "No acceptable form of the answer", $"The answer can be {have}, but Accept says {accept}.");

    /// <summary>413: the body is larger than the limit.</summary>
    public static Problem PayloadTooLarge(long limit) =>
        new(413, "payload-too-large", "The body is too large", string.Create(CultureInfo.InvariantCulture, $"The body may have {limit} bytes at most; send a dataset in several batches and add up their totals."))
        { LimitBytes = limit };

    /// <summary>415: neither a media type nor a coding that we read.</summary>
    public static Problem UnsupportedMediaType(string detail) =>
        new(415, "unsupported-media-type", "The body's media type is not supported", detail);

    /// <summary>422: well-formed JSON that is no valid batch.</summary>
    public static Problem InvalidBatch(IReadOnlyList<ProblemError> errors, long total) =>
        new(422, "invalid-batch", "The batch is not valid", total == 1 ? errors[0].Detail : $"{total} errors; the first: {errors[0].Detail}")
        { Errors = errors, TotalErrors = total };

    /// <summary>500: our own fault; the log has the cause, the client the request's id.</summary>
    public static Problem Internal() =>
        new(500, "internal-error", "The service failed", "The service failed to answer; the log has the cause under the X-Request-Id of this answer.");
}
