namespace LossService.Formats.Numbers;

/// <summary>A rectangular array of numbers that was read into a buffer, row-major.</summary>
/// <param name="Shape">The extent of each axis, the outermost first; each is at least 1.</param>
/// <param name="Count">The number of elements: the product of the extents.</param>
/// <param name="Length">The bytes of JSON that it took, white space before it included.</param>
internal readonly record struct NumberArray(int[] Shape, long Count, long Length);
