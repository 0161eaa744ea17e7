using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.Arrow;

/// <summary>Entries of a column of which some are null: whole lists, or elements.</summary>
/// <param name="Field">Which tensor the column is.</param>
/// <param name="Shape">The axes down to these entries.</param>
/// <param name="Bitmap">Where the bits of the entries are in the message; 0 = null.</param>
/// <param name="First">The bit of the first entry.</param>
internal readonly record struct NullRun(TensorField Field, Shape Shape, int Bitmap, long First);
