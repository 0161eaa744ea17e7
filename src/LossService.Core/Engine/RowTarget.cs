using LossService.Core.Numerics;

namespace LossService.Core.Engine;

/// <summary>What is known of a row's target beside its numbers.</summary>
/// <param name="Hard">The class of a one-hot row, or −1.</param>
internal readonly record struct RowTarget(int Hard)
{
    /// <summary>The class whose 1 − t is <see cref="Rest"/>: computed from t, it would lack digits; −1 = none.</summary>
    public int Top { get; init; } = -1;

    /// <summary>1 − t of <see cref="Top"/>.</summary>
    public Dd Rest { get; init; }

    /// <summary>Whether Σt = 1 by construction, as after a softmax.</summary>
    public bool SumsToOne { get; init; }

    /// <summary>Whether doubles hold the target exactly.</summary>
    public bool IsExact { get; init; }

    /// <summary>Whether the target was computed in plain double: read exactly, it has all of its digits.</summary>
    public bool IsPlain { get; init; }

    /// <summary>Whether the target was computed in sums of two doubles.</summary>
    public bool IsWide { get; init; }
}
