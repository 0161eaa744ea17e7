using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace LossService;

/// <summary>Where a request's time went, as the <c>Server-Timing</c> header (W3C): <c>read;dur=1.2, parse;dur=3.4</c>, in ms.</summary>
internal sealed class ServerTiming
{
    private const string Header = "Server-Timing";

    private readonly StringBuilder _text = new();
    private long _last = Stopwatch.GetTimestamp();

    /// <summary>Ends a phase: what has passed since the last one is <paramref name="name"/>'s.</summary>
    public void Mark(string name)
    {
        var now = Stopwatch.GetTimestamp();
        if (_text.Length > 0) _text.Append(", ");
        _text.Append(CultureInfo.InvariantCulture, $"{name};dur={(now - _last) * 1000.0 / Stopwatch.Frequency:0.###}");
        _last = now;
    }

    /// <summary>
    /// Has the header written when the response starts. An answer that is flushed as it is written has started before its
    /// writing ends: its <c>write</c> follows as a trailer.
    /// </summary>
    public void Announce(HttpResponse response)
    {
        response.OnStarting(() =>
        {
            response.Headers[Header] = _text.ToString();
            return Task.CompletedTask;
        });
    }
}
