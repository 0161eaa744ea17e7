using LossService.Core.Options;
using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>A column that is a tensor of the request.</summary>
/// <param name="Field">Which.</param>
/// <param name="DType">The type of its elements.</param>
/// <param name="Levels">The levels of lists around them; none where a row is one element.</param>
/// <param name="Axes">The axes that a fixed-shape tensor's list stands for; null where each level is an axis.</param>
internal sealed record ArrowColumn(TensorField Field, DType DType, IReadOnlyList<ListLevel> Levels, int[]? Axes)
{
    /// <summary>Its name.</summary>
    public string Name => Fields.GetName(Field);

    /// <summary>The number of axes, rows included.</summary>
    public int Rank => 1 + (Axes?.Length ?? Levels.Count);

    /// <summary>The axis of the classes, where it has the predictions.</summary>
    public int GetClassAxis(OptionValues options) => ClassLayout.Locate(options.Get(SharedOptions.ClassAxis), Rank);

    /// <summary>The levels of a result in the same form.</summary>
    /// <param name="without">An axis that it does not have; null = it has all.</param>
    public IEnumerable<ListLevel> GetLevels(int? without) =>
        (Axes?.Select(axis => new ListLevel(axis)) ?? Levels).Where((_, level) => level + 1 != without);
}
