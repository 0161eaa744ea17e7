namespace LossService.Core.Tensors;

/// <summary>The lengths of a tensor's axes, outermost first; a scalar has none.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly int[]? _axes;

    /// <summary>Makes a shape of the given axes, each ≥ 0.</summary>
    public Shape(params int[] axes) => _axes = axes;

    /// <summary>The lengths of the axes.</summary>
    public ReadOnlySpan<int> Axes => _axes;

    /// <summary>The number of axes.</summary>
    public int Rank => Axes.Length;

    /// <summary>The length of the last axis; 1 for a scalar.</summary>
    public int Last => Rank == 0 ? 1 : Axes[^1];

    /// <summary>The number of elements: the product of the axes.</summary>
    public long Count
    {
        get
        {
            long count = 1;
            foreach (var axis in Axes) count = checked(count * axis);
            return count;
        }
    }

    /// <summary>The index along each axis of the element with that row-major number.</summary>
    public int[] Position(long element)
    {
        var position = new int[Rank];
        for (var axis = Rank - 1; axis >= 0; axis--)
        {
            position[axis] = (int)(element % Axes[axis]);
            element /= Axes[axis];
        }
        return position;
    }

    /// <inheritdoc/>
    public bool Equals(Shape other) => Axes.SequenceEqual(other.Axes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var axis in Axes) hash.Add(axis);
        return hash.ToHashCode();
    }

    /// <summary>The axes as text: <c>[2, 3]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", _axes ?? [])}]";

    /// <summary>Whether the axes are equal.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether the axes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);
}
