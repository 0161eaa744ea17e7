using System.Text.Json;

namespace LossService.Tests.Shared.Hostile;

/// <summary>
/// Serves hostile requests and says what must not be: an answer that is not meant, memory that is not returned, more managed memory,
/// longer responses or more processor time than the body's length explains.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="cpu">How much processor time a request may take for its length; null = any, for a machine that does other things.</param>
internal sealed class HostileJudge(DirectService service, CpuBound? cpu = null)
{
    private const long BytesPerByte = 16;
    private const long ResponsePerByte = 256;

    // a thousand bins of metrics take 3.8 MB, the texts for as many unknown names as there may be 1 MB
    private const long BytesPerLine = 5 * 1024 * 1024;

    private const int Repetitions = 3;
    private const int LongestProblem = 32 * 1024;

    // a thousand bins take 100 KB of JSON, a confusion matrix of a hundred classes up to 200 KB
    private const int LongestPerLine = 256 * 1024;

    private static readonly int[] Statuses = [200, 400, 413, 415, 422, 429, 504];

    // OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED
    private static readonly string?[] GrpcStatuses = ["0", "3", "4", "8"];

    /// <summary>
    /// Serves a request. Where it takes more than it may it is served again, since the compiler and the collector count too.
    /// </summary>
    /// <returns>What was measured, and the fault if there is one.</returns>
    public Verdict Judge(HostileRequest request)
    {
        var verdict = JudgeOnce(request);
        for (var again = 0; again < Repetitions && verdict.IsTooMuch; again++) verdict = JudgeOnce(request);
        return verdict;
    }

    private Verdict JudgeOnce(HostileRequest request)
    {
        DirectResponse response;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Environment.CpuUsage.TotalTime;
        try
        {
            response = service.Serve(request);
        }
        catch (Exception failed)
        {
            return new() { Fault = $"the pipeline ended with {failed}" };
        }
        var time = Environment.CpuUsage.TotalTime - start;
        var bytes = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var verdict = new Verdict
        {
            Status = request.Format == "grpc" ? StatusOfCall(response) : response.StatusCode,
            MemoryShare = bytes / (double)MostMemory(request),
            ResponseShare = response.Count / (LongestPerLine * (double)request.Lines + ResponsePerByte * request.PlainLength),
            CpuShare = cpu is null ? 0 : time / cpu.Of(request.PlainLength + response.Count),
        };
        if (FindFault(request, response, verdict) is { } fault) return verdict with { Fault = fault };
        return verdict.MemoryShare > 1 ? verdict with { Fault = $"{bytes} bytes of managed memory", IsTooMuch = true }
            : verdict.CpuShare > 1 ? verdict with { Fault = $"{time.TotalMilliseconds:F0} ms of processor time", IsTooMuch = true }
            : verdict;
    }

    private string? FindFault(HostileRequest request, DirectResponse response, Verdict verdict)
    {
        if (response.IsAborted) return "the connection was cut";
        if (request.Format == "grpc" ? !GrpcStatuses.Contains($"{verdict.Status}") : !Statuses.Contains(verdict.Status))
            return $"status {verdict.Status}";
        foreach (var memory in (ReadOnlySpan<Core.Tensors.MemoryBudget>)[service.Admission.Memory, service.Admission.GrpcMemory])
        {
            // what sends a stream's responses may return its last block a moment later
            for (var i = 0; i < 100 && memory.Used > 0; i++) Thread.Sleep(10);
            if (memory.Used != 0) return $"{memory.Used} bytes were not returned";
            if (memory.Peak > memory.Limit) return $"{memory.Peak} bytes of {memory.Limit} were used";
        }
        if (verdict.ResponseShare > 1) return $"a response of {response.Count} bytes";
        if (request.Format == "grpc") return null;
        if (response.StatusCode != 200 && response.Count > LongestProblem) return $"a problem of {response.Count} bytes";
        return response.Count > response.Kept.Length ? null : FindFaultOfText(request, response);
    }

    private static string? FindFaultOfText(HostileRequest request, DirectResponse response)
    {
        var text = response.Kept.Span;
        // the rest of a binary response is no text
        if (response.Headers["Inference-Header-Content-Length"] is [{ } length] && int.TryParse(length, out var json)) text = text[..json];
        if (request.Format != "ndjson" || response.StatusCode != 200) return IsJson(text) ? null : "the response is not JSON";
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (line.IsEmpty) continue;
            if (!IsJson(line)) return "a line of the response is not JSON";
            if (StatusOfLine(line) is { } status && !Statuses.Contains(status)) return $"status {status} of a line";
        }
        return null;
    }

    private static long MostMemory(HostileRequest request) => BytesPerByte * request.PlainLength + BytesPerLine * request.Lines;

    private static int StatusOfCall(DirectResponse response) =>
        int.TryParse(response.Trailers["grpc-status"].FirstOrDefault() ?? response.Headers["grpc-status"].FirstOrDefault(), out var status)
            ? status : response.StatusCode;

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        try
        {
            while (reader.Read())
            {
            }
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The status of the error that a line of a response has.</summary>
    private static int? StatusOfLine(ReadOnlySpan<byte> line)
    {
        var at = line.IndexOf("\"error\":{"u8);
        if (at < 0 || line[at..].IndexOf("\"status\":"u8) is not (>= 0 and var member)) return null;
        var digits = line[(at + member + "\"status\":".Length)..];
        return int.TryParse(digits[..3], out var status) ? status : -1;
    }
}
