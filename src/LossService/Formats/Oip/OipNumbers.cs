using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using LossService.Core;

namespace LossService.Formats.Oip;

/// <summary>Numbers as JSON, the shortest that read back as the same; those that are not finite as strings.</summary>
internal static class OipNumbers
{
    /// <summary>The longest number, and a comma.</summary>
    private const int Room = 32;

    /// <summary>Writes a float64.</summary>
    public static void Write(IBufferWriter<byte> writer, double value) => writer.Advance(Write(value, writer.GetSpan(Room)));

    /// <summary>Writes elements of a tensor with commas between them: float32, float64 or int64.</summary>
    public static void Write(IBufferWriter<byte> writer, Tensor tensor, long start, int count)
    {
        var text = writer.GetSpan(count * Room);
        var length = 0;
        for (var i = start; i < start + count; i++)
        {
            if (i > start) text[length++] = (byte)',';
            length += tensor.DType switch
            {
                DType.Float32 => Write(tensor.AsSpan<float>()[(int)i], text[length..]),
                DType.Float64 => Write(tensor.AsSpan<double>()[(int)i], text[length..]),
                _ => Write(tensor.Integer(i), text[length..]),
            };
        }
        writer.Advance(length);
    }

    private static int Write(long value, Span<byte> text)
    {
        Utf8Formatter.TryFormat(value, text, out var length);
        return length;
    }

    private static int Write<T>(T value, Span<byte> text) where T : struct, IUtf8SpanFormattable, IFloatingPoint<T>
    {
        if (T.IsFinite(value))
        {
            value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
            return length;
        }
        var name = T.IsNaN(value) ? "\"NaN\""u8 : T.IsNegative(value) ? "\"-Infinity\""u8 : "\"Infinity\""u8;
        name.CopyTo(text);
        return name.Length;
    }
}
