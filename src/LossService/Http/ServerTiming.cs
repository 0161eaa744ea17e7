using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace LossService.Http;

/// <summary>
/// How long each phase of a request took, as the header <c>Server-Timing</c> (W3C): <c>read;dur=1.204, parse;dur=3.400</c>, in
/// ms.
/// </summary>
internal sealed class ServerTiming
{
    private const string Header = "Server-Timing";

    private const int MaxPhases = 4;

    private Phases _phases;
    private IHeaderDictionary? _headers;
    private long _last = Stopwatch.GetTimestamp();
    private int _count;
    private int _sent;

    /// <summary>Ends a phase: <paramref name="name"/> took the time since the end of the last one.</summary>
    public void Mark(string name)
    {
        var now = Stopwatch.GetTimestamp();
        (_phases[_count++], _last) = ((name, now - _last), now);
    }

    /// <summary>
    /// Writes the header when the response starts. A response that is flushed as it is written starts before its writing ends: its
    /// <c>write</c> follows as a trailer, see <see cref="Finish"/>.
    /// </summary>
    public void Announce(HttpResponse response)
    {
        _headers = response.Headers;
        response.OnStarting(static state =>
        {
            var timing = (ServerTiming)state;
            timing._headers![Header] = timing.ToString();
            timing._sent = timing._count;
            return Task.CompletedTask;
        }, this);
    }

    /// <summary>Sends the phases that ended after the header was sent, as a trailer.</summary>
    public void Finish(HttpResponse response)
    {
        if (response.HasStarted && _sent < _count && response.SupportsTrailers()) response.AppendTrailer(Header, ToString(_sent));
    }

    /// <summary>The value of the header.</summary>
    public override string ToString() => ToString(0);

    private string ToString(int from)
    {
        var text = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[128]);
        for (var i = from; i < _count; i++)
        {
            var (name, ticks) = _phases[i];
            var microseconds = ticks * 1_000_000 / Stopwatch.Frequency;
            if (i > from) text.AppendLiteral(", ");
            text.AppendLiteral(name);
            text.AppendLiteral(";dur=");
            text.AppendFormatted(microseconds / 1000);
            text.AppendLiteral(".");
            text.AppendFormatted(microseconds % 1000, "D3");
        }
        return text.ToStringAndClear();
    }

    // inside the object: an array would be one more allocation for each request
    [InlineArray(MaxPhases)]
    private struct Phases
    {
        private (string Name, long Ticks) _first;
    }
}
