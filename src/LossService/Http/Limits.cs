using System.ComponentModel.DataAnnotations;

namespace LossService.Http;

/// <summary>
/// Every limit of the service, from the section <c>Limits</c> of the configuration; checked at start. A limit whose default depends on
/// the machine has the value in force: 0 in the configuration means that default.
/// </summary>
/// <remarks>Bounds that belong to an option, such as the number of <c>ignore_index</c>, are declared with the option.</remarks>
public sealed record Limits
{
    /// <summary>The largest request body, in bytes after decompression; for a stream, its longest line.</summary>
    [Range(1024, int.MaxValue)]
    public int BodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// The largest gRPC message, in bytes; by default an eighth of the managed heap, and at most <see cref="BodyBytes"/>.
    /// </summary>
    [Range(1024, int.MaxValue)]
    public int MessageBytes
    {
        get => (int)Math.Min(field != 0 ? field : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8, BodyBytes);
        init;
    }

    /// <summary>
    /// The memory for bodies, tensors and responses of all requests together, in bytes; by default 45 % of the container's memory. The
    /// managed heap has 35 %.
    /// </summary>
    [Range(1024 * 1024, long.MaxValue)]
    public long MemoryBytes
    {
        get => field != 0 ? field : ContainerMemory.Bytes / 100 * 45;
        init;
    }

    /// <summary>The managed memory for gRPC messages of all calls together, in bytes; by default 40 % of the managed heap.</summary>
    [Range(1024 * 1024, long.MaxValue)]
    public long GrpcMemoryBytes
    {
        get => field != 0 ? field : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 100 * 40;
        init;
    }

    /// <summary>
    /// The managed memory that all connections receive into and send from, in bytes; by default 45 % of the managed heap. A connection
    /// that needs more ends.
    /// </summary>
    [Range(1024 * 1024, long.MaxValue)]
    public long ConnectionBytes
    {
        get => field != 0 ? field : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 100 * 45;
        init;
    }

    /// <summary>How many requests are parsed and scored at once; by default one for each core.</summary>
    [Range(1, 4096)]
    public int ComputePermits
    {
        get => field != 0 ? field : Environment.ProcessorCount;
        init;
    }

    /// <summary>How many requests may wait for one of <see cref="ComputePermits"/>; by default 64 for each permit.</summary>
    [Range(1, 1 << 20)]
    public int ComputeQueue
    {
        get => field != 0 ? field : 64 * ComputePermits;
        init;
    }

    /// <summary>
    /// The largest body, in bytes, that needs no permit, since it is scored sooner than it would wait; an eighth of it for a body of
    /// several losses.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int SmallBodyBytes { get; init; } = 64 * 1024;

    /// <summary>The longest time, in seconds, from the last byte of a body to its scores, waiting included.</summary>
    [Range(1, 86400)]
    public int ComputeSeconds { get; init; } = 30;

    /// <summary>The least rate, in bytes a second, at which a body or a line must arrive and a response must be taken.</summary>
    [Range(1, int.MaxValue)]
    public int BytesPerSecond { get; init; } = 64 * 1024;

    /// <summary>The longest time, in seconds, in which a body of known length must arrive, where that asks for a higher rate.</summary>
    [Range(1, 86400)]
    public int BodySeconds { get; init; } = 60;

    /// <summary>The longest time, in seconds, in which the tensors of a response must be taken, where it asks for a higher rate.</summary>
    [Range(1, 86400)]
    public int ResponseSeconds { get; init; } = 60;

    /// <summary>How long, in seconds, a body, a line or a response may stay below its rate before the connection ends.</summary>
    [Range(2, 3600)]
    public int GraceSeconds { get; init; } = 5;

    /// <summary>How long, in seconds, a client may pause between two lines of a stream.</summary>
    [Range(1, 86400)]
    public int PauseSeconds { get; init; } = 120;

    /// <summary>The longest time, in seconds, that a stream may take.</summary>
    [Range(1, 604800)]
    public int StreamSeconds { get; init; } = 3600;

    /// <summary>
    /// The responses, in bytes, that a stream holds for a client that sends all its lines before it reads; by default a quarter of
    /// <see cref="MemoryBytes"/>.
    /// </summary>
    [Range(64 * 1024, long.MaxValue)]
    public long HeldResponseBytes
    {
        get => field != 0 ? field : Math.Max(64 * 1024, MemoryBytes / 4);
        init;
    }

    /// <summary>How long, in seconds, a stream waits for a client that takes none of the responses that are held for it.</summary>
    [Range(1, 3600)]
    public int StallSeconds { get; init; } = 10;

    /// <summary>The most classes of a categorical batch, and the most numbers of an option with one for each class.</summary>
    [Range(2, int.MaxValue)]
    public int Classes { get; init; } = 1 << 20;

    /// <summary>The most members of a request, parameters of an infer request, and names in <c>outputs</c>.</summary>
    [Range(16, 1000)]
    public int Members { get; init; } = 64;

    /// <summary>The most losses of a request to <c>/v1/losses</c>.</summary>
    [Range(1, 1000)]
    public int Losses { get; init; } = 32;

    /// <summary>The most inputs of an infer request.</summary>
    [Range(6, 1000)]
    public int Inputs { get; init; } = 16;

    /// <summary>The longest name of a member or value of one, and the longest <c>id</c>, in bytes of JSON.</summary>
    [Range(64, 65536)]
    public int NameBytes { get; init; } = 1024;

    /// <summary>The longest text of a list that an infer request has in a string parameter, in bytes.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int ParameterBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How many errors a 422 lists; it always has their total.</summary>
    [Range(1, 1000)]
    public int ListedErrors { get; init; } = 20;

    /// <summary>
    /// How long, in seconds, the service still takes requests after it was told to stop: the time that a load balancer needs to see
    /// that it is not ready. 0 without a load balancer.
    /// </summary>
    [Range(0, 300)]
    public int DrainSeconds { get; init; }

    /// <summary>How many refused requests the log has a line for, in a second; failed ones have as many. The rest is counted.</summary>
    [Range(0, 100_000)]
    public int LoggedRequests { get; init; } = 20;

    /// <summary><see cref="DrainSeconds"/> as a time span.</summary>
    internal TimeSpan Drain => TimeSpan.FromSeconds(DrainSeconds);
}
