using System.Diagnostics;
using LossService.Problems;

namespace LossService.Http;

/// <summary>
/// The turns in which the batches of one stream are scored. A turn of small batches lasts for several of them, since giving it on takes as
/// long as a batch; it never lasts while the stream waits for its client.
/// </summary>
/// <param name="admission">The turns of all requests.</param>
/// <param name="send">Sends what is written, before a wait, because the client may be waiting for it.</param>
internal sealed class StreamTurn(Admission admission, Action send)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(0.5);

    private bool _isTaken;
    private long _start;

    /// <summary>Waits for a turn to parse and score a batch.</summary>
    /// <param name="bytes">The length of the batch.</param>
    /// <param name="isOfSeveral">Whether it names its losses itself.</param>
    /// <param name="aborted">The client went away.</param>
    /// <inheritdoc cref="Admission.EnterAsync"/>
    public async ValueTask<Result<ComputeTurn>> EnterAsync(long bytes, bool isOfSeveral, CancellationToken aborted)
    {
        if (!admission.IsSmall(bytes, isOfSeveral))
        {
            End();
            return await admission.EnterAsync(bytes, isOfSeveral, aborted);
        }
        if (_isTaken && Stopwatch.GetElapsedTime(_start) > Longest) End();
        if (!_isTaken)
        {
            if (!admission.SmallTurns.TryTake())
            {
                send();
                await admission.SmallTurns.WaitAsync();
            }
            (_isTaken, _start) = (true, Stopwatch.GetTimestamp());
        }
        return new ComputeTurn(aborted);
    }

    /// <summary>Gives the turn to the next request.</summary>
    public void End()
    {
        if (!_isTaken) return;
        _isTaken = false;
        admission.SmallTurns.End();
    }
}
