using System.Globalization;

namespace LossService.Problems;

/// <summary>Makes every problem that the service reports, each type with its status and title.</summary>
public static class ProblemTypes
{
    /// <summary>Why a request is refused whose memory is taken by others: <see cref="Problem.Shed"/>.</summary>
    internal const string MemoryShed = "memory";

    /// <summary>400: the body is not RFC 8259 JSON.</summary>
    public static Problem InvalidJson(string detail, long offset) =>
        new(400, ProblemNames.InvalidJson, "The body is not valid JSON", detail) { ByteOffset = offset };

    /// <summary>400 or the status that the server chose: the request breaks HTTP.</summary>
    public static Problem BadRequest(int status, string detail) =>
        new(status, ProblemNames.BadRequest, "The request is malformed", detail);

    /// <summary>401: a key or token is required, and missing or wrong.</summary>
    public static Problem Unauthorized(string detail) =>
        new(401, ProblemNames.Unauthorized, "A key or token is required", detail);

    /// <summary>403: the client is known or its origin is, but it may not do this.</summary>
    public static Problem Forbidden(string detail) => new(403, ProblemNames.Forbidden, "Not allowed", detail);

    /// <summary>404: no loss has this name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="known">All names.</param>
    /// <param name="list">The route that lists them.</param>
    public static Problem UnknownLoss(string name, IEnumerable<string> known, string list = "/v1/losses") =>
        new(404, ProblemNames.UnknownLoss, "Unknown loss",
            $"There is {DescribeUnknownLoss(name, known)}; GET {list} lists them.");

    /// <summary><c>no loss "bce" (did you mean "binary_cross_entropy"?)</c>.</summary>
    public static string DescribeUnknownLoss(string name, IEnumerable<string> known) => $"no loss {ClientText.Quote(name)}"
        + (ForeignLosses.Suggest(name) is { Length: > 0 } foreign ? foreign : Nearest.Suggest(name, known));

    /// <summary>404: the loss exists, but its model has no such version.</summary>
    public static Problem UnknownVersion(string name, string version, string known) =>
        new(404, ProblemNames.NotFound, "Not found", $"{name} has no version {ClientText.Quote(version)}; its only version is {known}.");

    /// <summary>404: nothing is at this path.</summary>
    public static Problem NotFound(string path) =>
        new(404, ProblemNames.NotFound, "Not found",
            $"There is nothing at {ClientText.Shorten(path)}; the losses are at /v1/losses, the documentation at /swagger.");

    /// <summary>405: the path does not take this method.</summary>
    public static Problem MethodNotAllowed(string method, string allow) =>
        new(405, ProblemNames.MethodNotAllowed, "The method is not allowed here",
            $"{ClientText.Shorten(method)} is not allowed here; allowed: {allow}.");

    /// <summary>406: the client accepts no media type that the response can have.</summary>
    public static Problem NotAcceptable(string accept, string offered) =>
        new(406, ProblemNames.NotAcceptable, "No acceptable media type",
            $"The response can be {offered}, which Accept {ClientText.Quote(accept)} does not allow.");

    /// <summary>413: the body is larger than the limit.</summary>
    public static Problem PayloadTooLarge(long limit) =>
        new(413, ProblemNames.PayloadTooLarge, "The body is too large",
            string.Create(CultureInfo.InvariantCulture,
                $"The body is larger than the limit of {limit} bytes; send a dataset in several batches and add up their totals."))
        { LimitBytes = limit };

    /// <summary>413: the body alone, or the batch with its results, takes more memory than all requests together may.</summary>
    public static Problem NeedsTooMuchMemory(long need, long limit, string setting) =>
        new(413, ProblemNames.PayloadTooLarge, "The body is too large",
            string.Create(CultureInfo.InvariantCulture,
                $"The batch and its results take {need} bytes of memory, more than the limit of {limit} ({setting}); ask for ")
            + "fewer outputs, or send a dataset in several batches and add up their totals.")
        { LimitBytes = limit };

    /// <summary>408: the body came at less than the rate.</summary>
    public static Problem TooSlow(string what, long rate, string setting) =>
        new(408, ProblemNames.TooSlow, "The client is too slow",
            string.Create(CultureInfo.InvariantCulture, $"{what} at less than {rate} bytes a second ({setting})."))
        { ClosesConnection = true, Shed = "slow" };

    /// <summary>408: the client of a stream sent nothing for too long, or the stream took too long.</summary>
    public static Problem Paused(int pause, int life) =>
        new(408, ProblemNames.TooSlow, "The client is too slow", string.Create(CultureInfo.InvariantCulture,
            $"A stream may pause for {pause} seconds (Limits:PauseSeconds), and take {life} in all (Limits:StreamSeconds)."))
        { ClosesConnection = true, Shed = "slow" };

    /// <summary>408: the client of a stream takes nothing of its responses.</summary>
    public static Problem Stalled(long held, int seconds) =>
        new(408, ProblemNames.TooSlow, "The client is too slow", string.Create(CultureInfo.InvariantCulture,
            $"{held} bytes of responses wait, and none were taken for {seconds} seconds (Limits:HeldResponseBytes, Limits:StallSeconds); ")
            + "read responses while you send lines.")
        { ClosesConnection = true, Shed = "slow" };

    /// <summary>429: memory is taken by other requests.</summary>
    public static Problem OutOfMemory(string setting) => Overloaded($"The memory for requests ({setting}) is in use by others", MemoryShed);

    /// <summary>429: too many requests wait.</summary>
    public static Problem TooManyRequests() => Overloaded("Too many requests wait to be scored (Limits:ComputeQueue)", "queue");

    /// <summary>504: a batch took longer than it may.</summary>
    public static Problem Timeout(int seconds) =>
        new(504, ProblemNames.Timeout, "The batch took too long",
            string.Create(CultureInfo.InvariantCulture,
                $"The batch was not scored within {seconds} seconds (Limits:ComputeSeconds); send it as several smaller ones."))
        { RetryAfter = 1, Shed = "deadline" };

    private static Problem Overloaded(string why, string shed) =>
        new(429, ProblemNames.Overloaded, "The service is overloaded", $"{why}; try again in a second.")
        { RetryAfter = 1, ClosesConnection = true, Shed = shed };

    /// <summary>415: the service does not read this media type or coding.</summary>
    public static Problem UnsupportedMediaType(string detail) =>
        new(415, ProblemNames.UnsupportedMediaType, "The body's media type is not supported", detail);

    /// <summary>422: the request is well-formed, but not a valid batch.</summary>
    /// <param name="errors">The first errors, at least one.</param>
    /// <param name="total">How many there are.</param>
    /// <param name="first">The first in words: where and what.</param>
    public static Problem InvalidBatch(IReadOnlyList<ProblemError> errors, long total, string first) =>
        new(422, ProblemNames.InvalidBatch, "The batch is not valid",
            total == 1 ? first : $"{total} errors; the first: {first}")
        { Errors = errors, TotalErrors = total };

    /// <summary>504: the client's own deadline passed before the batch was scored.</summary>
    public static Problem Timeout(TimeSpan timeout) =>
        new(504, ProblemNames.Timeout, "The batch took too long",
            string.Create(CultureInfo.InvariantCulture,
                $"The batch was not scored within the request's timeout of {timeout.TotalMicroseconds:0} µs; ")
                + "raise the timeout or send a smaller batch.");

    /// <summary>503: the keys that tokens are checked with cannot be read.</summary>
    public static Problem Unavailable() =>
        new(503, ProblemNames.Unavailable, "The identity provider cannot be reached",
            "The token cannot be checked, because the identity provider (Auth:Jwt:Authority) does not answer; try again later.")
        { RetryAfter = 10 };

    /// <summary>500: the service failed. The log has the cause, the client only the request's id.</summary>
    public static Problem Internal() =>
        new(500, ProblemNames.InternalError, "The service failed",
            "The service failed; the log has the cause under this response's X-Request-Id.");
}
