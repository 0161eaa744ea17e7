namespace LossService.Core.Outputs;

/// <summary>The scores of the losses of a request, of which there is one or more, and what they combine to.</summary>
public sealed class ScoreSet : IDisposable
{
    /// <summary>The scores of a single loss.</summary>
    public ScoreSet(Scores single) => Entries = [single];

    /// <summary>The scores of several losses.</summary>
    internal ScoreSet(IReadOnlyList<Scores> entries, Combination? combined) => (Entries, Combined) = (entries, combined);

    /// <summary>The scores of each loss, in the order of the request.</summary>
    public IReadOnlyList<Scores> Entries { get; }

    /// <summary>Their weighted sum; null where it was not asked for.</summary>
    public Combination? Combined { get; }

    /// <summary>The scores of the loss, where there is only one.</summary>
    public Scores Single => Entries[0];

    /// <summary>The bytes of all tensors.</summary>
    public long Bytes => Entries.Sum(scores => scores.Bytes) + (Combined?.Bytes ?? 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var scores in Entries) scores.Dispose();
        Combined?.Dispose();
    }
}
