using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace LossService.Http;

/// <summary>
/// The turns in which small bodies are parsed and scored: as many at once as keep the cores busy, the rest waits here, first come, first
/// served. All else, such as a probe or a refusal, then finds a thread at once, and goes ahead of the bodies that wait.
/// </summary>
/// <remarks>
/// The thread pool has one queue for all. When each body was scored as soon as the pool came to it, a probe on a new connection beside
/// 1,600 clients that send small batches without a pause was behind some 1,600 batches for each of its steps.
/// </remarks>
internal sealed class SmallBodyTurns
{
    /// <summary>Two for each core: half of the threads that the pool always has, see <c>LossServiceHost.AddServer</c>.</summary>
    private static readonly int Limit = 2 * Environment.ProcessorCount;

    private readonly ConcurrentQueue<Action> _waiting = new();
    private int _taken;

    /// <summary>How many wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Takes a turn if there is one and nobody waits for it; <see cref="End"/> gives it back.</summary>
    public bool TryTake() => _waiting.IsEmpty && TryTakeAny();

    /// <summary>Waits for a turn, which <see cref="End"/> gives back.</summary>
    public Place WaitAsync() => new(this);

    /// <summary>Gives a turn to whoever waits longest.</summary>
    public void End()
    {
        Interlocked.Decrement(ref _taken);
        Serve();
    }

    private bool TryTakeAny()
    {
        while (true)
        {
            var taken = Volatile.Read(ref _taken);
            if (taken >= Limit) return false;
            if (Interlocked.CompareExchange(ref _taken, taken + 1, taken) == taken) return true;
        }
    }

    private void Serve()
    {
        // whoever comes after the last look has a turn to take, or is seen by the next one that ends
        while (!_waiting.IsEmpty && TryTakeAny())
        {
            // behind what the pool has to do already
            if (_waiting.TryDequeue(out var go)) ThreadPool.UnsafeQueueUserWorkItem(static go => go(), go, preferLocal: false);
            else Interlocked.Decrement(ref _taken);
        }
    }

    /// <summary>What is awaited: a place in the queue.</summary>
    public readonly struct Place(SmallBodyTurns turns) : ICriticalNotifyCompletion
    {
        /// <summary>False: everybody goes through the queue, so nobody overtakes.</summary>
        public bool IsCompleted => false;

        /// <summary>Itself.</summary>
        public Place GetAwaiter() => this;

        /// <summary>Nothing.</summary>
        public void GetResult()
        {
        }

        /// <inheritdoc/>
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        /// <inheritdoc/>
        public void UnsafeOnCompleted(Action continuation)
        {
            turns._waiting.Enqueue(continuation);
            turns.Serve();
        }
    }
}
