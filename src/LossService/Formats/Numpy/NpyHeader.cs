using LossService.Core.Tensors;

namespace LossService.Formats.Numpy;

/// <summary>What a .npy file says of its array.</summary>
/// <param name="DType">The type of the elements.</param>
/// <param name="IsBigEndian">Whether the bytes of an element are in the other order.</param>
/// <param name="IsFortran">Whether the first axis varies fastest.</param>
/// <param name="Shape">The lengths of the axes.</param>
/// <param name="Length">The bytes before the elements.</param>
internal readonly record struct NpyHeader(DType DType, bool IsBigEndian, bool IsFortran, Shape Shape, int Length);
