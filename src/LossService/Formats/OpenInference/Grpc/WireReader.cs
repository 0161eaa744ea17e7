namespace LossService.Formats.OpenInference.Grpc;

/// <summary>
/// Reads a Protocol Buffers message from a stream without making objects of it. A truncated message ends early, a longer one than the
/// limit a buffer after it.
/// </summary>
internal sealed class WireReader(Stream stream, long limit)
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private long _passed;
    private int _start, _end;

    /// <summary>How many bytes are read.</summary>
    public long Position => _passed + _start;

    /// <summary>Reads a number of 1 to 10 bytes.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryReadVarint(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_start == _end && !Fill()) return false;
            var part = _buffer[_start++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return true;
        }
        return false;
    }

    /// <summary>Passes over bytes, and counts the numbers of variable length that they would be.</summary>
    /// <returns>Whether there are as many bytes.</returns>
    public bool TrySkip(long bytes, out long varints)
    {
        varints = 0;
        while (bytes > 0)
        {
            if (_start == _end && !Fill()) return false;
            var passed = _buffer.AsSpan(_start, (int)Math.Min(bytes, _end - _start));
            foreach (var part in passed) varints += part < 0x80 ? 1 : 0;
            _start += passed.Length;
            bytes -= passed.Length;
        }
        return true;
    }

    private bool Fill()
    {
        _passed += _end;
        _start = 0;
        _end = _passed > limit ? 0 : stream.Read(_buffer);
        return _end > 0;
    }
}
