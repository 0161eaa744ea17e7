using System.Globalization;
using System.Runtime.CompilerServices;
using LossService.Problems;
using LossService.Telemetry;

namespace LossService.Http;

/// <summary>
/// A request that scores: its loss, its format, and how long each phase took, which also is the header <c>Server-Timing</c> (W3C):
/// <c>read;dur=1.204, parse;dur=3.400</c>, in ms. A feature of the request.
/// </summary>
internal sealed class ServerTiming
{
    private const string Header = "Server-Timing";

    private IHeaderDictionary? _headers;
    private int _count;
    private int _sent;

    private ServerTiming(string loss, string format, bool isStream) => (Loss, Format, IsStream) = (loss, format, isStream);

    /// <summary>The name of the loss; unknown until a message that names it is read.</summary>
    public string Loss { get; set; }

    /// <summary>The name of the format.</summary>
    public string Format { get; }

    /// <summary>Whether it is a stream, whose lines are timed and counted one by one.</summary>
    public bool IsStream { get; }

    /// <summary>What is measured of a request that is no stream.</summary>
    public BatchMeasures Measures { get; } = new();

    /// <summary>Starts with the first phase.</summary>
    public static ServerTiming Start(HttpContext context, string loss, string format, bool isStream = false)
    {
        var timing = new ServerTiming(loss, format, isStream);
        context.Features.Set(timing);
        return timing;
    }

    /// <summary>Ends the next phase, which took the time since the end of the last one.</summary>
    public void Mark(Phase phase)
    {
        Measures.End(phase);
        _count = (int)phase + 1;
    }

    /// <summary>Counts a line of a stream, which has the status that it would have as a request; null = it was scored.</summary>
    public void CountLine(Problem? problem, BatchMeasures? measures = null)
    {
        ServiceMeter.Count(Loss, Format, problem?.Status ?? StatusCodes.Status200OK, measures);
        ServiceMeter.CountShed(problem?.Shed);
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
            var microseconds = Measures.Ticks[i] * 1_000_000 / System.Diagnostics.Stopwatch.Frequency;
            if (i > from) text.AppendLiteral(", ");
            text.AppendLiteral(PhaseNames.Get((Phase)i));
            text.AppendLiteral(";dur=");
            text.AppendFormatted(microseconds / 1000);
            text.AppendLiteral(".");
            text.AppendFormatted(microseconds % 1000, "D3");
        }
        return text.ToStringAndClear();
    }
}
