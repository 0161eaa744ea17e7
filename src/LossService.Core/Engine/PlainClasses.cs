namespace LossService.Core.Engine;

/// <summary>
/// Classes of a row as the loops of a sum over classes read them, in plain double. Or those of four short rows side by side: then a lane
/// is a row, and four numbers are those of a class.
/// </summary>
internal unsafe struct PlainClasses
{
    /// <summary>The numbers, a multiple of four.</summary>
    public required int Count;

    /// <summary>The logits: float32, or double where <see cref="HasDoubles"/>.</summary>
    public required void* Logits;

    /// <summary>exp of the logits less the largest.</summary>
    public required double* Exponentials;

    /// <summary>The targets: float32, or double where <see cref="HasDoubles"/> or <see cref="HasDoubleTargets"/>.</summary>
    public required void* Targets;

    /// <summary>The class weights; null = all are 1.</summary>
    public double* Weights;

    /// <summary>For u_c = ∂L/∂log p_c + p_c·(∂L/∂p_c − that of the largest class).</summary>
    public required double* Derivatives;

    /// <summary>For the sizes of what these were computed from.</summary>
    public required double* Sizes;

    /// <summary>Whether logits and targets are doubles.</summary>
    public bool HasDoubles;

    /// <summary>Whether targets are doubles.</summary>
    public bool HasDoubleTargets;

    /// <summary>Whether a double holds each target exactly.</summary>
    public bool HasExactTarget;
}
