using System.Buffers;
using LossService.Formats.Numbers;

namespace LossService.Formats.Json;

/// <summary>Single numbers as JSON; those that are not finite are strings.</summary>
internal static class JsonNumber
{
    /// <summary>Writes a number, or <c>null</c>.</summary>
    public static void WriteNumber(this IBufferWriter<byte> body, double? value)
    {
        if (value is { } number) body.WriteNumber(number);
        else body.Write("null"u8);
    }

    /// <summary>Writes an integer.</summary>
    public static unsafe void WriteNumber(this IBufferWriter<byte> body, long value)
    {
        fixed (byte* text = body.GetSpan(NumberWriter.Room)) body.Advance(NumberWriter.Write(value, text));
    }

    /// <summary>Writes a number.</summary>
    public static unsafe void WriteNumber(this IBufferWriter<byte> body, double value)
    {
        fixed (byte* text = body.GetSpan(NumberWriter.Room)) body.Advance(NumberWriter.Write(value, text));
    }

    /// <summary>Writes a number with the digits of a float32.</summary>
    public static unsafe void WriteNumber(this IBufferWriter<byte> body, float value)
    {
        fixed (byte* text = body.GetSpan(NumberWriter.Room)) body.Advance(NumberWriter.Write(value, text));
    }
}
