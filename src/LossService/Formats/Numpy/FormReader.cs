using System.Buffers;
using System.Net.Mime;
using System.Text;
using System.Text.Unicode;
using LossService.Problems;
using LossService.Requests;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace LossService.Formats.Numpy;

/// <summary>
/// Reads a form into a request: a part with the name of a tensor is a .npy file, any other a text. The query has texts, too.
/// </summary>
internal sealed class FormReader(NumpyRequest request, string boundary)
{
    /// <summary>The media type of a form with files.</summary>
    public const string MediaType = MediaTypeNames.Multipart.FormData;

    /// <summary>The longest boundary (RFC 2046, 5.1.1).</summary>
    public const int MaxBoundary = 70;

    private const int Block = 64 * 1024;

    private readonly Dictionary<string, List<string>> _texts = [];
    private readonly RequestErrors _errors = request.Batch.Errors;
    private int _parts;
    private long _textBytes;

    /// <summary>Reads the form and the query.</summary>
    /// <returns>The problem where the body is no form; otherwise null, and the request has the errors.</returns>
    public unsafe Problem? Read(IQueryCollection query)
    {
        var body = request.Body;
        // the framework's reader finds the parts; their bytes stay where they are
        using var bytes = new UnmanagedMemoryStream(body.Start, body.Span.Length);
        var reader = new MultipartReader(boundary, bytes, Block);
        var block = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            while (Wait(reader.ReadNextSectionAsync(request.Batch.Allowance.Cancellation)) is { } section)
            {
                if (_parts++ == request.Batch.Allowance.Limits.Members)
                {
                    _errors.Add(new(""), $"expected at most {request.Batch.Allowance.Limits.Members} parts");
                    return null;
                }
                var start = (int)section.BaseStreamOffset!.Value;
                if (ReadPart(section, start, Measure(section.Body, block)) is { } problem) return problem;
            }
        }
        catch (Exception broken) when (broken is IOException or InvalidDataException)
        {
            return Refuse($"The body is not {MediaType}: after part {_parts} it breaks the format, or ends.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        foreach (var (name, texts) in query) AddQuery(name, texts);
        foreach (var (name, texts) in _texts.Where(text => text.Value.Count > 0)) TextFields.Read(name, texts, request.Batch);
        return null;
    }

    /// <summary>The result of a task that reads memory, and so has ended.</summary>
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    /// <summary>Reads a part to its end.</summary>
    /// <returns>Its length.</returns>
    private int Measure(Stream part, byte[] block)
    {
        var length = 0;
        while (part.Read(block, 0, block.Length) is var count and > 0)
        {
            length += count;
            request.Batch.Allowance.Cancellation.ThrowIfCancellationRequested();
        }
        return length;
    }

    private Problem? ReadPart(MultipartSection section, int start, int length)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
            || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(disposition.Name) is not { HasValue: true } segment)
            return Refuse($"Part {_parts} of the form has no Content-Disposition with form-data and a name.");
        var name = segment.ToString();
        if (Fields.TryFindTensor(name, out var field)) ReadTensor(field, name, start, length);
        else if (!TextFields.Knows(name, request.Batch))
            _errors.Add(new(name), RequestParser.DescribeUnknown(name, request.Batch));
        else if ((_textBytes += length) > request.Batch.Allowance.Limits.ParameterBytes)
            _errors.Add(new(name), $"the texts of a form have at most {request.Batch.Allowance.Limits.ParameterBytes} bytes together");
        else AddText(name, request.Body.Span.Slice(start, length));
        return null;
    }

    private unsafe void ReadTensor(TensorField field, string name, int start, int length)
    {
        if (request.Batch.Posted.Add(name)) request.Batch[field] = NpyReader.Read(field, request.Body.Start + start, length, request.Batch);
        else _errors.Add(new(name), $"duplicate part \"{name}\"");
    }

    private void AddText(string name, ReadOnlySpan<byte> bytes)
    {
        if (!_texts.TryGetValue(name, out var texts)) _texts[name] = texts = [];
        if (Utf8.IsValid(bytes)) texts.Add(Encoding.UTF8.GetString(bytes));
        else _errors.Add(new(name), $"expected text in UTF-8, got {bytes.Length} other bytes");
    }

    private void AddQuery(string name, StringValues texts)
    {
        if (Fields.TryFindTensor(name, out _)) _errors.Add(new(name), $"{name} is a tensor; send it as a part of the form");
        else if (!_texts.TryAdd(name, [.. texts.Select(text => text ?? "")]))
            _errors.Add(new(name), $"{ClientText.Quote(name)} is in the form and in the query");
    }

    private static Problem Refuse(string detail) => ProblemTypes.BadRequest(StatusCodes.Status400BadRequest, detail);
}
