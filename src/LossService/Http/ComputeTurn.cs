using System.Threading.RateLimiting;

namespace LossService.Http;

/// <summary>The time in which one request is parsed and scored: a permit where it needs one, and a deadline.</summary>
internal readonly struct ComputeTurn : IDisposable
{
    private readonly RateLimitLease? _permit;
    private readonly CancellationTokenSource? _deadline;
    private readonly SmallBodyTurns? _turns;

    /// <summary>A part of a turn that lasts longer, which is cancelled only with the client.</summary>
    public ComputeTurn(CancellationToken aborted) => Token = aborted;

    /// <summary>A small body's turn, without a permit, which is cancelled only with the client.</summary>
    public ComputeTurn(SmallBodyTurns turns, CancellationToken aborted) => (_turns, Token) = (turns, aborted);

    /// <summary>A turn with a permit and a deadline.</summary>
    public ComputeTurn(RateLimitLease permit, CancellationTokenSource deadline)
    {
        (_permit, _deadline) = (permit, deadline);
        Token = deadline.Token;
    }

    /// <summary>Cancelled when the client goes away or the deadline passes.</summary>
    public CancellationToken Token { get; }

    /// <summary>Gives the turn to the next request.</summary>
    public void Dispose()
    {
        _turns?.End();
        _permit?.Dispose();
        _deadline?.Dispose();
    }
}
