namespace LossService.Formats.Numbers;

/// <summary>A rectangular array of numbers, read into a buffer in row-major order.</summary>
/// <param name="Shape">The length of each axis, outermost first; each is at least 1.</param>
/// <param name="Count">The number of elements: the product of the axes.</param>
/// <param name="Length">The bytes of JSON that were read, white space before the array included.</param>
internal readonly record struct NumberArray(int[] Shape, long Count, long Length);
