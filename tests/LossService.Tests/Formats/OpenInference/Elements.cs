using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LossService.Tests.Formats.OpenInference;

/// <summary>Tensor elements as bytes and back, by the protocol's datatypes and independently of the service's own reading.</summary>
internal static class Elements
{
    /// <summary>Little-endian bytes of numbers that the datatype holds exactly.</summary>
    public static byte[] Bytes(string datatype, IEnumerable<double> numbers) => datatype switch
    {
        "FP16" => Cast(numbers, number => (Half)number),
        "BF16" => Cast(numbers, number => (ushort)(BitConverter.SingleToUInt32Bits((float)number) >> 16)),
        "FP32" => Cast(numbers, number => (float)number),
        "FP64" => Cast(numbers, number => number),
        "BOOL" or "UINT8" => Cast(numbers, number => (byte)number),
        "INT8" => Cast(numbers, number => (sbyte)number),
        "INT16" => Cast(numbers, number => (short)number),
        "INT32" => Cast(numbers, number => (int)number),
        "INT64" => Cast(numbers, number => (long)number),
        "UINT16" => Cast(numbers, number => (ushort)number),
        "UINT32" => Cast(numbers, number => (uint)number),
        "UINT64" => Cast(numbers, number => (ulong)number),
        _ => throw new ArgumentException(datatype),
    };

    /// <summary>The numbers of an answer's bytes.</summary>
    public static double[] Read(string datatype, ReadOnlySpan<byte> bytes) => datatype switch
    {
        "FP16" => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(number => (double)number)],
        "BF16" => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray()
            .Select(number => (double)BitConverter.UInt32BitsToSingle((uint)number << 16))],
        "FP32" => [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(number => (double)number)],
        "FP64" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
        "INT64" => [.. MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(number => (double)number)],
        _ => throw new ArgumentException(datatype),
    };

    /// <summary>The number of a JSON element of the given datatype.</summary>
    public static double Parse(string datatype, JsonElement element) =>
        element.ValueKind == JsonValueKind.String ? double.Parse(element.GetString()!, CultureInfo.InvariantCulture)
        : datatype == "FP32" ? element.GetSingle() : element.GetDouble();

    /// <summary>Numbers as JSON: the shortest text of the datatype.</summary>
    public static string Json(string datatype, IEnumerable<double> numbers) =>
        $"[{string.Join(',', numbers.Select(number => datatype switch
        {
            "BOOL" => number == 1 ? "true" : "false",
            "FP32" => ((float)number).ToString("R", CultureInfo.InvariantCulture),
            _ => number.ToString("R", CultureInfo.InvariantCulture),
        }))}]";

    private static byte[] Cast<T>(IEnumerable<double> numbers, Func<double, T> convert) where T : unmanaged =>
        MemoryMarshal.AsBytes<T>(numbers.Select(convert).ToArray()).ToArray();
}
