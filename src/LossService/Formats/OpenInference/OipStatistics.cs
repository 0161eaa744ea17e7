using System.Collections.Frozen;
using LossService.Core.Losses;
using LossService.Telemetry;

namespace LossService.Formats.OpenInference;

/// <summary>How many infer requests each model has answered since the start, and in what time: the protocol's statistics.</summary>
internal sealed class OipStatistics
{
    private readonly FrozenDictionary<string, Counter> _counters =
        LossCatalogue.All.ToFrozenDictionary(loss => loss.Name, _ => new Counter());

    /// <summary>Counts an answer to a client.</summary>
    /// <param name="loss">The model's loss.</param>
    /// <param name="isSuccess">Whether it has scores.</param>
    /// <param name="elapsed">The time from the request to its last byte.</param>
    public void Add(Loss loss, bool isSuccess, TimeSpan elapsed)
    {
        if (!OwnRequests.IsCurrent) _counters[loss.Name].Add(isSuccess, elapsed);
    }

    /// <summary>The statistics of a model.</summary>
    public OipModelStatistics Read(OipModel model) => _counters[model.Loss.Name].Read(model.Loss.Name);

    private sealed class Counter
    {
        private readonly Lock _lock = new();
        private OipDuration _success = new(0, 0);
        private OipDuration _fail = new(0, 0);
        private long _last;

        public void Add(bool isSuccess, TimeSpan elapsed)
        {
            lock (_lock)
            {
                if (isSuccess) _success = _success.Plus(elapsed);
                else _fail = _fail.Plus(elapsed);
                _last = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            }
        }

        public OipModelStatistics Read(string name)
        {
            lock (_lock) return new(name, _last, _success, _fail);
        }
    }
}
