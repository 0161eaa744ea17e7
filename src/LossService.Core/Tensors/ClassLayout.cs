namespace LossService.Core.Tensors;

/// <summary>
/// How the rows of classes of a categorical batch lie in a tensor: the elements of a row are <see cref="Stride"/> apart. Rows are numbered
/// as the elements of <see cref="Samples"/>.
/// </summary>
public readonly struct ClassLayout
{
    /// <summary>The layout of a shape.</summary>
    /// <param name="shape">The shape of the predictions.</param>
    /// <param name="axis">
    /// The axis of the classes, counted from the end where it is negative. One that the shape does not have counts as the last, so that
    /// what is wrong with a batch can be told before its axis is checked.
    /// </param>
    public ClassLayout(Shape shape, int axis = -1)
    {
        Shape = shape;
        Axis = Locate(axis, shape.Rank);
        Classes = shape.Rank == 0 ? 1 : shape.Axes[Axis];
        Stride = 1;
        for (var i = Axis + 1; i < shape.Rank; i++) Stride = checked(Stride * shape.Axes[i]);
    }

    /// <summary>The shape of the tensor.</summary>
    public Shape Shape { get; }

    /// <summary>The axis of the classes, from 0; −1 for a scalar.</summary>
    public int Axis { get; }

    /// <summary>The number of classes, K.</summary>
    public int Classes { get; }

    /// <summary>How many elements lie between two classes of a row.</summary>
    public long Stride { get; }

    /// <summary>Whether the axis of the classes is the last.</summary>
    public bool IsLast => Axis == Shape.Rank - 1;

    /// <summary>Whether the elements of a row are adjacent.</summary>
    public bool AreAdjacent => Stride <= 1;

    /// <summary>The number of rows.</summary>
    public long Rows => Classes == 0 ? 0 : Shape.Count / Classes;

    /// <summary>
    /// The shape without the axis of the classes: the samples. That of [0], an array without rows, is [0]: no samples.
    /// </summary>
    public Shape Samples => Shape.Axes is [0] ? Shape : new([.. Shape.Axes[..Axis], .. Shape.Axes[(Axis + 1)..]]);

    /// <summary>The shape with the axis of the classes moved to the end.</summary>
    public Shape ClassesLast => IsLast ? Shape : new([.. Samples.Axes, Classes]);

    /// <summary>Whether a tensor of a rank has an axis.</summary>
    public static bool Has(int axis, int rank) => axis >= -rank && axis < rank;

    /// <summary>The axis counted from the start; the last where there is no such axis.</summary>
    public static int Locate(int axis, int rank) => !Has(axis, rank) ? rank - 1 : axis < 0 ? axis + rank : axis;

    /// <summary>The number of an element.</summary>
    public long GetElement(long row, long c) => AreAdjacent ? row * Classes + c : (row / Stride * Classes + c) * Stride + row % Stride;

    /// <summary>The indices of a row: of all of it where the classes are on the last axis, else of its first class.</summary>
    public int[] GetPosition(long row)
    {
        var position = Shape.Position(GetElement(row, 0));
        return IsLast ? position[..^1] : position;
    }
}
