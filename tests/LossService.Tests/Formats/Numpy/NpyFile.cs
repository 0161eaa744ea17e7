using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using LossService.Tests.Formats.OpenInference;

namespace LossService.Tests.Formats.Numpy;

/// <summary>A .npy file, written and read by its specification and independently of the service.</summary>
/// <param name="Descr">NumPy's name of the dtype.</param>
/// <param name="Shape">The lengths of the axes.</param>
/// <param name="Numbers">The elements as doubles; none of strings.</param>
internal sealed partial record NpyFile(string Descr, int[] Shape, double[] Numbers)
{
    private static readonly Dictionary<string, string> Descriptions = new()
    {
        ["FP16"] = "<f2",
        ["FP32"] = "<f4",
        ["FP64"] = "<f8",
        ["BOOL"] = "|b1",
        ["INT64"] = "<i8",
    };

    /// <summary>A file of numbers of a datatype of the Open Inference Protocol.</summary>
    public static byte[] Write(string datatype, int[] shape, IEnumerable<double> numbers) =>
        WriteBytes(Descriptions[datatype], shape, Elements.Bytes(datatype, numbers));

    /// <summary>A file of any bytes.</summary>
    public static byte[] WriteBytes(string descr, int[] shape, byte[] elements, bool isFortran = false) => WriteHeader(
        $"{{'descr': '{descr}', 'fortran_order': {(isFortran ? "True" : "False")}, "
            + $"'shape': ({string.Concat(shape.Select(axis => $"{axis}, "))}), }}",
        elements);

    /// <summary>A file with any text as its header.</summary>
    public static byte[] WriteHeader(string header, byte[] elements, byte version = 1)
    {
        var text = Encoding.Latin1.GetBytes(header + "\n");
        var length = new byte[version == 1 ? 2 : 4];
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)text.Length);
        else BinaryPrimitives.WriteInt32LittleEndian(length, text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. elements];
    }

    /// <summary>The files in a .npz file, by name.</summary>
    public static Dictionary<string, NpyFile> ReadArchive(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        return zip.Entries.ToDictionary(entry => Path.GetFileNameWithoutExtension(entry.Name), entry =>
        {
            using var file = new MemoryStream();
            using (var content = entry.Open()) content.CopyTo(file);
            Assert.Equal(entry.Length, entry.CompressedLength);
            return Read(file.ToArray());
        });
    }

    private static NpyFile Read(byte[] file)
    {
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], file[..8]);
        var start = 10 + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        Assert.Equal(0, start % 64);
        var header = Header().Match(Encoding.Latin1.GetString(file[10..start]));
        Assert.True(header.Success);
        var descr = header.Groups["descr"].Value;
        int[] shape = [.. header.Groups["shape"].Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(axis => int.Parse(axis, CultureInfo.InvariantCulture))];
        var datatype = Descriptions.FirstOrDefault(known => known.Value == descr).Key;
        return new(descr, shape, datatype is null ? [] : Elements.Read(datatype, file.AsSpan(start)));
    }

    [GeneratedRegex(@"^\{'descr': '(?<descr>[^']+)', 'fortran_order': False, 'shape': \((?<shape>[^)]*)\), \} *\n$")]
    private static partial Regex Header();
}
