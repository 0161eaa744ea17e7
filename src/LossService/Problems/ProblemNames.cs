namespace LossService.Problems;

/// <summary>The stable names of the problem types: what <see cref="Problem.Type"/> can be.</summary>
public static class ProblemNames
{
    /// <summary>The body is not JSON.</summary>
    public const string InvalidJson = "invalid-json";

    /// <summary>The request breaks HTTP.</summary>
    public const string BadRequest = "bad-request";

    /// <summary>A key or token is required, and missing or wrong.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>The key or token lacks the scope, or a web page of another origin asks.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>No loss has this name.</summary>
    public const string UnknownLoss = "unknown-loss";

    /// <summary>Nothing is at this path.</summary>
    public const string NotFound = "not-found";

    /// <summary>The path does not take this method.</summary>
    public const string MethodNotAllowed = "method-not-allowed";

    /// <summary>The client accepts no media type of the response.</summary>
    public const string NotAcceptable = "not-acceptable";

    /// <summary>The body is larger than the limit.</summary>
    public const string PayloadTooLarge = "payload-too-large";

    /// <summary>The service does not read this media type or coding.</summary>
    public const string UnsupportedMediaType = "unsupported-media-type";

    /// <summary>The request is well-formed, but not a valid batch.</summary>
    public const string InvalidBatch = "invalid-batch";

    /// <summary>The body or the lines came, or the response was taken, too slowly.</summary>
    public const string TooSlow = "too-slow";

    /// <summary>The service has more to do than it can take.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>The batch takes longer than it may.</summary>
    public const string Timeout = "timeout";

    /// <summary>What the service needs for the answer cannot be reached.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The service failed.</summary>
    public const string InternalError = "internal-error";
}
