namespace LossService.Formats.Arrow;

/// <summary>One level of lists in a column, outermost first.</summary>
/// <param name="Size">The length of every list; null = each list has a length of its own.</param>
/// <param name="IsLarge">Whether offsets have 64 bits.</param>
internal readonly record struct ListLevel(int? Size, bool IsLarge = false);
