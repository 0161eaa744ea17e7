using System.Buffers.Binary;
using System.IO.Pipelines;
using LossService.Core.Tensors;
using LossService.Http;
using LossService.Problems;

namespace LossService.Formats.Arrow;

/// <summary>
/// The messages of an Arrow stream, one after the other, in a buffer that grows to the longest: a prefix, metadata, and a body. The values
/// of dictionaries are skipped, since a label is the index into them.
/// </summary>
/// <param name="stream">The stream.</param>
/// <param name="response">Flushed before each wait for the client.</param>
/// <param name="admission">How long a message may be, how long it may take, and the memory for it.</param>
/// <param name="aborted">The client went away.</param>
internal sealed class ArrowMessages(PipeReader stream, HeldResponse response, Admission admission, CancellationToken aborted) : IDisposable
{
    /// <summary>The bytes before the metadata: a marker, and the length of the metadata.</summary>
    public const int PrefixLength = 8;

    private const int Marker = -1;

    private readonly PacedReader _stream = new(stream, response, admission.Limits, "The batch came", aborted);

    /// <summary>The current message: prefix, metadata, body; empty where it was refused.</summary>
    public RequestBody Message { get; } = new(RequestBody.LeastCapacity, admission.Memory.Share());

    /// <summary>What the current message holds.</summary>
    public MessageKind Kind { get; private set; }

    /// <summary>The metadata of the current message.</summary>
    public ReadOnlySpan<byte> Metadata => Message.Span[PrefixLength..BodyStart];

    /// <summary>Where the body of the current message begins.</summary>
    public int BodyStart { get; private set; }

    /// <summary>The number of the current batch, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Why the current message was not kept: it is too long, or there is no memory for it; null where it was.</summary>
    public Problem? Refused { get; private set; }

    /// <summary>Why the stream ended before its end; null where it did not.</summary>
    public Problem? Broken
    {
        get => _stream.Broken ?? field;
        private set;
    }

    /// <summary>Reads the next schema or batch.</summary>
    /// <returns>False at the end of the stream, and where it is <see cref="Broken"/>.</returns>
    /// <exception cref="OperationCanceledException">The client went away.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        _stream.Pause();
        do
        {
            Message.Clear();
            (Refused, Kind, BodyStart) = (null, MessageKind.None, 0);
            if (!await ReadMessageAsync()) return false;
        }
        while (Kind == MessageKind.Dictionary);
        if (Kind == MessageKind.RecordBatch) Number++;
        return true;
    }

    /// <summary>Reads what is left of the stream.</summary>
    public Task SkipAsync() => _stream.SkipAsync();

    /// <summary>The problem of a stream that is none of Arrow.</summary>
    public static Problem Break(string detail) =>
        ProblemTypes.BadRequest(StatusCodes.Status400BadRequest, $"The body is not a stream of Arrow: {detail}.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        Message.Dispose();
    }

    private async ValueTask<bool> ReadMessageAsync()
    {
        // a stream may end without its mark of the end
        if (await ReadBytesAsync(sizeof(int)) is var got and < sizeof(int)) return got > 0 && End("it ends inside a message");
        var length = ReadInt32(0);
        if (length == Marker)
        {
            if (await ReadBytesAsync(sizeof(int)) < sizeof(int)) return End("it ends inside a message");
            length = ReadInt32(sizeof(int));
        }
        else
        {
            // before version 0.15 there was no marker
            AddMarker(length);
        }
        if (length == 0) return false;
        var most = admission.Limits.ParameterBytes;
        if (length < 0 || length > most) return End($"expected metadata of at most {most} bytes, got {(uint)length}");
        if (!await ReadPartAsync(length)) return End("it ends inside a message");
        BodyStart = PrefixLength + length;
        // without its metadata, nobody knows where the message ends
        if (Refused is { } refused) return End(refused);
        if (!TryReadKind(out var body)) return End("the metadata of a message is broken");
        if (Kind is not (MessageKind.Schema or MessageKind.Dictionary or MessageKind.RecordBatch))
            return End("expected a schema, dictionaries and record batches");
        if (Kind != MessageKind.Dictionary && body > admission.Limits.BodyBytes)
            Refuse(ProblemTypes.PayloadTooLarge(admission.Limits.BodyBytes));
        return await ReadPartAsync(body) || End("it ends inside a message");
    }

    /// <summary>The kind of the message, and the length of its body.</summary>
    private bool TryReadKind(out long body)
    {
        body = 0;
        try
        {
            var message = FlatTable.Root(Metadata);
            Kind = (MessageKind)message.GetByte(1);
            body = message.GetInt64(3);
            return body >= 0;
        }
        catch (Exception broken) when (broken is ArgumentOutOfRangeException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>Reads a part of a message whose length is known, into memory that is taken before.</summary>
    /// <returns>Whether it was all there.</returns>
    private async ValueTask<bool> ReadPartAsync(long length)
    {
        if (Refused is null && Kind != MessageKind.Dictionary && !TryReserve(length, isLast: false))
        {
            // what the client has not taken of its responses may be what has the memory
            await response.DrainAsync(aborted);
            TryReserve(length, isLast: true);
        }
        return await ReadBytesAsync(length) == length;
    }

    /// <summary>Makes room for a part of a message, or refuses the message.</summary>
    /// <param name="length">The length of the part.</param>
    /// <param name="isLast">Whether the message is refused where there is no memory for it now, too.</param>
    /// <returns>False where there is no memory for it now.</returns>
    private bool TryReserve(long length, bool isLast)
    {
        try
        {
            Message.Reserve((int)length);
            return true;
        }
        catch (MemoryBudgetException full)
        {
            if (!full.IsForever && !isLast) return false;
            Refuse(FailureProblems.Of(full));
            return true;
        }
    }

    /// <summary>Reads bytes, and keeps those of a message that is wanted.</summary>
    /// <returns>How many there were before the end.</returns>
    private async ValueTask<long> ReadBytesAsync(long count)
    {
        var left = count;
        while (left > 0)
        {
            if (await _stream.ReadAsync() is not { } result) return count - left;
            var part = result.Buffer.Slice(0, long.Min(left, result.Buffer.Length));
            if (Refused is null && Kind != MessageKind.Dictionary)
                foreach (var segment in part) Message.Append(segment.Span);
            left -= part.Length;
            var isEnd = result.IsCompleted && part.Length == result.Buffer.Length;
            _stream.Take(part.End, part.Length);
            if (isEnd) break;
        }
        return count - left;
    }

    private int ReadInt32(int start) => BinaryPrimitives.ReadInt32LittleEndian(Message.Span[start..]);

    private void AddMarker(int length)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, Marker);
        BinaryPrimitives.WriteInt32LittleEndian(prefix[sizeof(int)..], length);
        Message.Clear();
        Message.Append(prefix);
    }

    private bool End(string detail) => End(Break(detail));

    private bool End(Problem problem)
    {
        Broken ??= problem;
        return false;
    }

    private void Refuse(Problem problem)
    {
        Refused ??= problem;
        Message.Clear();
    }
}
