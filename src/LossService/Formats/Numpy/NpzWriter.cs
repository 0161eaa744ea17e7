using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using LossService.Core.Outputs;
using LossService.Core.Tensors;
using LossService.Requests;

namespace LossService.Formats.Numpy;

/// <summary>
/// Writes scores as a .npz file: a zip file, not compressed, with a .npy file for each output, metric and total, and for id and notices
/// where there are any. Those of several losses are called <c>focal.loss</c>, their weighted sum <c>combined.loss</c>.
/// </summary>
internal static class NpzWriter
{
    private const int Block = 64 * 1024;

    /// <summary>The time of every file, so that the same scores are the same bytes.</summary>
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes the file, flushing as it goes.</summary>
    public static async ValueTask WriteAsync(ScoreSet scores, ScoreRequest request, PipeWriter body, CancellationToken cancellation)
    {
        await using var archive = await ZipArchive.CreateAsync(
            body.AsStream(leaveOpen: true), ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation);
        if (!request.HasSeveral) await AddAsync(archive, "", scores.Single, request, cancellation);
        foreach (var (entry, scored) in request.Entries.Zip(scores.Entries))
            await AddAsync(archive, $"{entry.Entry!.Name}.", scored, entry, cancellation);
        if (scores.Combined is { } combined)
        {
            using var loss = new Tensor(DType.Float64, new(1));
            loss.Write(0, [combined.Loss ?? double.NaN]);
            await AddAsync(archive, "combined.loss", [], loss, cancellation);
            foreach (var output in OutputCatalogue.All)
                if (combined.GetTensor(output) is { } tensor)
                    await AddAsync(archive, $"combined.{output.Name}", tensor.Shape.Axes.ToArray(), tensor, cancellation);
        }
        if (request.Id is { } id) await AddAsync(archive, Fields.Id, [], [id], cancellation);
        if (request.Notices is { Count: > 0 } notices)
            await AddAsync(archive, "notices", [notices.Count], [.. notices.Select(notice => notice.Detail)], cancellation);
    }

    /// <summary>Adds what is asked for of a loss, each with a prefix before its name.</summary>
    private static async Task AddAsync(
        ZipArchive archive, string prefix, Scores scores, ScoreRequest request, CancellationToken cancellation)
    {
        foreach (var output in TensorOutput.GetAsked(request))
        {
            using var tensor = output.Take(scores);
            if (tensor is null) continue;
            await AddAsync(archive, prefix + output.Name, output.IsNumber ? [] : tensor.Shape.Axes.ToArray(), tensor, cancellation);
        }
    }

    private static async Task AddAsync(ZipArchive archive, string name, int[] shape, Tensor tensor, CancellationToken cancellation)
    {
        await using var file = await OpenAsync(archive, name, NpyDType.Name(tensor.DType), shape, cancellation);
        var block = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            for (long start = 0; start < tensor.Bytes; start += Block)
                await file.WriteAsync(block.AsMemory(0, Copy(tensor, start, block)), cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Copies the bytes of a tensor from <paramref name="start"/> on, as many as there are or a block has.</summary>
    private static unsafe int Copy(Tensor tensor, long start, byte[] block)
    {
        var length = (int)long.Min(Block, tensor.Bytes - start);
        new ReadOnlySpan<byte>(tensor.Data + start, length).CopyTo(block);
        return length;
    }

    /// <summary>Adds strings, which NumPy holds in UTF-32, all of one length.</summary>
    private static async Task AddAsync(
        ZipArchive archive, string name, int[] shape, string[] texts, CancellationToken cancellation)
    {
        var encoded = texts.Select(Encoding.UTF32.GetBytes).ToArray();
        var length = encoded.Max(text => text.Length);
        await using var file = await OpenAsync(archive, name, $"<U{length / sizeof(int)}", shape, cancellation);
        foreach (var text in encoded)
        {
            await file.WriteAsync(text, cancellation);
            await file.WriteAsync(new byte[length - text.Length], cancellation);
        }
    }

    private static async Task<Stream> OpenAsync(
        ZipArchive archive, string name, string dtype, int[] shape, CancellationToken cancellation)
    {
        var entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        var file = await entry.OpenAsync(cancellation);
        await file.WriteAsync(WriteHeader(dtype, shape), cancellation);
        return file;
    }

    /// <summary>The header of a .npy file of version 1, filled with spaces so that the elements begin at a multiple of 64 bytes.</summary>
    private static byte[] WriteHeader(string dtype, int[] shape)
    {
        var axes = string.Concat(shape.Select(axis => $"{axis}, "));
        var text = $"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({axes}), }}";
        var start = NpyHeaderReader.Magic.Length + 4;
        var header = new byte[(start + text.Length + 64) / 64 * 64];
        header.AsSpan().Fill((byte)' ');
        NpyHeaderReader.Magic.CopyTo(header);
        header[start - 4] = 1;
        header[start - 3] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(start - 2), (ushort)(header.Length - start));
        Encoding.ASCII.GetBytes(text, header.AsSpan(start));
        header[^1] = (byte)'\n';
        return header;
    }
}
