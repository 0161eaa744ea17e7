using System.Buffers.Binary;
using System.Runtime.InteropServices;
using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.Numpy;

/// <summary>Reads a .npy file into a tensor, which looks into the file's bytes where they are in row-major order.</summary>
internal static unsafe class NpyReader
{
    /// <summary>Reads a tensor of the request.</summary>
    /// <param name="field">Which.</param>
    /// <param name="file">The first byte of the file, in memory that does not move until the request is disposed of.</param>
    /// <param name="length">The length of the file.</param>
    /// <param name="request">Takes the errors.</param>
    /// <returns>The tensor, or null where something did not fit.</returns>
    /// <exception cref="MemoryBudgetException">The elements in row-major order do not fit into the request's memory.</exception>
    public static Tensor? Read(TensorField field, byte* file, int length, ScoreRequest request)
    {
        request.MarkEncoded(field);
        var name = Fields.GetName(field);
        var bytes = new ReadOnlySpan<byte>(file, length);
        if (!bytes.StartsWith(NpyHeaderReader.Magic))
        {
            request.Errors.Add(new(name), $"expected a .npy file, as numpy.save writes it, got {Describe(bytes)}");
            return null;
        }
        try
        {
            var header = NpyHeaderReader.Read(bytes);
            var (shape, dtype) = (header.Shape, header.DType);
            var expected = shape.Count * dtype.Size();
            if (length - header.Length != expected)
                throw new FormatException(
                    $"expected {expected} bytes for the shape {shape} of {dtype.Name()}, got {length - header.Length}");
            return Read(name, header, new(file + header.Length, (int)expected), request);
        }
        catch (FormatException wrong)
        {
            request.Errors.Add(new(name), wrong.Message);
            return null;
        }
    }

    private static string Describe(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [] => "an empty part",
        [(byte)'P', (byte)'K', ..] => "a .npz or zip file; send each of its arrays as a part",
        _ => "other bytes; curl sends a file by name=@file",
    };

    private static Tensor? Read(string name, NpyHeader header, Span<byte> elements, ScoreRequest request)
    {
        if (header.IsBigEndian) Swap(elements, header.DType.Size());
        var tensor = header.IsFortran && header.Shape.Rank > 1 ? Rearrange(header, elements, request) : View(header, elements);
        if (header.DType == DType.Bool && elements.IndexOfAnyExcept((byte)0, (byte)1) >= 0)
        {
            var odd = tensor.AsSpan<byte>().IndexOfAnyExcept((byte)0, (byte)1);
            request.Errors.Add(new(name, header.Shape.Position(odd)), $"expected 0 or 1 in each byte of a bool, got {tensor.Text(odd)}");
            tensor.Dispose();
            return null;
        }
        return tensor;
    }

    private static Tensor View(NpyHeader header, Span<byte> elements)
    {
        fixed (byte* first = elements)
            return new(header.DType, header.Shape, first) { IsFinite = FiniteScan.IsFinite(header.DType, elements) };
    }

    private static Tensor Rearrange(NpyHeader header, Span<byte> elements, ScoreRequest request)
    {
        var ordered = new NativeBuffer((nuint)elements.Length, request.Allowance.Memory);
        try
        {
            fixed (byte* first = elements)
                FortranOrder.Undo(first, ordered.Address, header.Shape, header.DType.Size(), request.Allowance.Cancellation);
        }
        catch
        {
            ordered.Dispose();
            throw;
        }
        return new(header.DType, header.Shape, ordered) { IsFinite = FiniteScan.IsFinite(header.DType, elements) };
    }

    /// <summary>Puts the bytes of each element into little-endian order, in place.</summary>
    private static void Swap(Span<byte> elements, int size)
    {
        var shorts = MemoryMarshal.Cast<byte, ushort>(elements);
        var ints = MemoryMarshal.Cast<byte, uint>(elements);
        var longs = MemoryMarshal.Cast<byte, ulong>(elements);
        if (size == 2) BinaryPrimitives.ReverseEndianness(shorts, shorts);
        else if (size == 4) BinaryPrimitives.ReverseEndianness(ints, ints);
        else if (size == 8) BinaryPrimitives.ReverseEndianness(longs, longs);
    }
}
