using System.Buffers.Binary;
using System.Text;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;
using LossService.Problems;

namespace LossService.Formats.Numpy;

/// <summary>
/// Reads the header of a .npy file, versions 1 to 3: the magic, the version, a length, and a dictionary in Python's syntax with
/// <c>descr</c>, <c>fortran_order</c> and <c>shape</c>.
/// </summary>
internal ref struct NpyHeaderReader
{
    /// <summary>The longest dictionary, as NumPy itself reads it by default.</summary>
    private const int MaxText = 10_000;

    private const string Descr = "descr", FortranOrder = "fortran_order", ShapeName = "shape";

    private ReadOnlySpan<char> _text;
    private string? _descr;
    private bool? _isFortran;
    private Shape? _shape;

    private NpyHeaderReader(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The first bytes of every .npy file.</summary>
    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header of a file that begins with the magic.</summary>
    /// <exception cref="FormatException">Its message says what is wrong.</exception>
    public static NpyHeader Read(ReadOnlySpan<byte> file)
    {
        var version = file.Length > Magic.Length ? file[Magic.Length] : 0;
        if (version is < 1 or > 3) throw new FormatException($"expected a .npy file of version 1, 2 or 3, got version {version}");
        var start = version == 1 ? Magic.Length + 4 : Magic.Length + 6;
        if (file.Length < start) throw new FormatException("the .npy file ends inside its header");
        var length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[(start - 2)..])
            : BinaryPrimitives.ReadUInt32LittleEndian(file[(start - 4)..]);
        if (length > MaxText) throw new FormatException($"expected a header of at most {MaxText} bytes, got {length}");
        if (length > file.Length - start) throw new FormatException("the .npy file ends inside its header");

        var reader = new NpyHeaderReader(Encoding.Latin1.GetString(file.Slice(start, (int)length)));
        reader.ReadDictionary();
        return reader.Conclude(start + (int)length);
    }

    private readonly NpyHeader Conclude(int length)
    {
        if (_descr is null || _isFortran is null || _shape is not { } shape)
            throw new FormatException($"the header of the .npy file has not all of {Descr}, {FortranOrder} and {ShapeName}");
        if (!NpyDType.TryParse(_descr, out var dtype, out var isBigEndian))
            throw new FormatException($"the dtype {ClientText.Quote(_descr)} is not supported; expected a float of 2, 4 or 8 bytes, an "
                + $"integer or a bool{NpyDType.Hint(_descr)}");
        return new(dtype, isBigEndian, _isFortran.Value, shape, length);
    }

    private void ReadDictionary()
    {
        Expect('{');
        while (!TryTake('}'))
        {
            var key = ReadString();
            Expect(':');
            var isFirst = key switch
            {
                Descr => _descr is null && ReadDescr(),
                FortranOrder => _isFortran is null && ReadBool(),
                ShapeName => _shape is null && ReadShape(),
                _ => throw new FormatException($"the header of the .npy file has an unknown key {ClientText.Quote(key)}"),
            };
            if (!isFirst) throw new FormatException($"the header of the .npy file has {key} twice");
            if (TryTake(',')) continue;
            Expect('}');
            break;
        }
        if (!_text.Trim(" \t\r\n\0").IsEmpty) throw Broken();
    }

    private bool ReadDescr()
    {
        SkipSpace();
        if (_text is ['[' or '(' or '{', ..]) throw new FormatException("a structured array is not supported; expected one of numbers");
        _descr = ReadString();
        return true;
    }

    private bool ReadBool()
    {
        SkipSpace();
        if (_text.StartsWith("True")) _isFortran = true;
        else if (_text.StartsWith("False")) _isFortran = false;
        else throw Broken();
        _text = _text[(_isFortran.Value ? "True" : "False").Length..];
        return true;
    }

    private bool ReadShape()
    {
        List<int> axes = [];
        UInt128 count = 1;
        Expect('(');
        while (!TryTake(')'))
        {
            if (axes.Count == NumberArrayReader.MaxRank) throw new FormatException($"expected at most {NumberArrayReader.MaxRank} axes");
            var axis = ReadInteger();
            axes.Add(axis);
            count *= (UInt128)axis;
            if (count >= (UInt128)1 << 60) throw new FormatException("the shape has more than 2^60 elements");
            if (TryTake(',')) continue;
            Expect(')');
            break;
        }
        _shape = new([.. axes]);
        return true;
    }

    private int ReadInteger()
    {
        SkipSpace();
        var digits = _text.IndexOfAnyExceptInRange('0', '9');
        if (digits < 1) throw new FormatException("the shape in the header of the .npy file is not a tuple of integers");
        if (!int.TryParse(_text[..digits], out var value)) throw new FormatException($"expected axes of at most {int.MaxValue}");
        _text = _text[digits..];
        // Python 2 wrote long integers with a suffix
        if (_text is ['L', ..]) _text = _text[1..];
        return value;
    }

    private string ReadString()
    {
        SkipSpace();
        if (_text is not [('\'' or '"') and var quote, ..]) throw Broken();
        var end = _text[1..].IndexOf(quote);
        if (end < 0) throw Broken();
        var text = _text.Slice(1, end).ToString();
        _text = _text[(end + 2)..];
        return text;
    }

    private void Expect(char c)
    {
        if (!TryTake(c)) throw Broken();
    }

    private bool TryTake(char c)
    {
        SkipSpace();
        if (_text.IsEmpty || _text[0] != c) return false;
        _text = _text[1..];
        return true;
    }

    private void SkipSpace() => _text = _text.TrimStart(" \t\r\n");

    private static FormatException Broken() => new("the header of the .npy file is not one that NumPy writes");
}
