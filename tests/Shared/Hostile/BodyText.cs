using System.Globalization;
using System.Text;

namespace LossService.Tests.Shared.Hostile;

/// <summary>The bytes of a body in the making. Only repetitions stop at its limit, so that what was opened is always closed.</summary>
internal sealed class BodyText(int most)
{
    private byte[] _bytes = new byte[Math.Min(most, 4096)];
    private int _length;

    /// <summary>How many bytes a repetition may still add.</summary>
    public int Room => Math.Max(0, most - _length);

    /// <summary>The bytes so far.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>A limit for a part, so that parts after it have room.</summary>
    public int Part(int count) => Room / count;

    /// <summary>Appends a text.</summary>
    public BodyText Add(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Encoding.UTF8.GetBytes(text, Reserve(bytes));
        _length += bytes;
        return this;
    }

    /// <summary>Appends bytes.</summary>
    public BodyText Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
        return this;
    }

    /// <summary>Appends a number.</summary>
    public BodyText Add(long number) => Add(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Appends a text again and again, at most as often as there is room for.</summary>
    public BodyText Repeat(string text, long count) => Repeat(Encoding.UTF8.GetBytes(text), count);

    /// <summary>Appends bytes again and again, at most as often as there is room for.</summary>
    public BodyText Repeat(ReadOnlySpan<byte> unit, long count)
    {
        var total = (int)Math.Min(count, Room / Math.Max(unit.Length, 1)) * unit.Length;
        if (total == 0) return this;
        var all = Reserve(total)[..total];
        unit.CopyTo(all);
        // doubles what is there
        for (var done = unit.Length; done < total; done *= 2) all[..Math.Min(done, total - done)].CopyTo(all[done..]);
        _length += total;
        return this;
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_length + bytes > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_length + bytes, 2 * _bytes.Length));
        return _bytes.AsSpan(_length);
    }
}
