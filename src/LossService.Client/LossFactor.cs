namespace LossService.Client;

/// <summary>A factor of a loss: one number for all classes, or one for each.</summary>
public readonly record struct LossFactor
{
    /// <summary>One number for all.</summary>
    public LossFactor(double all) => All = all;

    /// <summary>One number for each class.</summary>
    public LossFactor(params double[] classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        Classes = classes;
    }

    /// <summary>No factor, where the service's default is one.</summary>
    public static LossFactor None { get; } = new() { IsNone = true };

    internal double All { get; }

    internal IReadOnlyList<double>? Classes { get; }

    internal bool IsNone { get; private init; }

    /// <summary>One number for all.</summary>
    public static implicit operator LossFactor(double all) => new(all);

    /// <summary>One number for each class.</summary>
    public static implicit operator LossFactor(double[] classes) => new(classes);
}
