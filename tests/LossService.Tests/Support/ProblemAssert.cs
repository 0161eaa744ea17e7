using System.Text.Json;
using System.Text.RegularExpressions;

namespace LossService.Tests.Support;

/// <summary>What holds of every problem, whatever went wrong.</summary>
internal static partial class ProblemAssert
{
    /// <summary>
    /// Asserts that the answer is an RFC 9457 problem of the given status and type, complete, with a request id, and silent
    /// about how the service is made.
    /// </summary>
    /// <returns>The problem.</returns>
    public static JsonElement IsProblem(this Answer answer, int status, string type)
    {
        Assert.True(answer.Status == status, $"expected {status} {type}, got {answer.Status}: {answer.Text}");
        var problem = JsonDocument.Parse(answer.Body).RootElement;
        // clients of the Open Inference Protocol read the member error, and only in plain JSON
        var mediaType = problem.TryGetProperty("error", out _) ? "application/json" : "application/problem+json";
        Assert.Equal(mediaType, answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(type, problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.NotEmpty(answer.Header("X-Request-Id")!);
        Assert.DoesNotMatch(Internals(), answer.Text);
        Assert.Null(answer.Header("Server"));
        return problem;
    }

    /// <summary>Asserts that the answer is a 422 whose first error has the given pointer and says the given words.</summary>
    public static JsonElement IsInvalidBatch(this Answer answer, string pointer, string words)
    {
        var problem = answer.IsProblem(422, "invalid-batch");
        var first = problem.GetProperty("errors")[0];
        Assert.Equal(pointer, first.GetProperty("pointer").GetString());
        Assert.Contains(words, first.GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.True(problem.GetProperty("total_errors").GetInt64() >= problem.GetProperty("errors").GetArrayLength());
        return problem;
    }

    /// <summary>A stack frame, an exception or type name, a source file.</summary>
    [GeneratedRegex(@"\bat \w+\.\w+|Exception|System\.|Microsoft\.|LossService\.|\.cs\b|/src/|Utf8Json|JsonReader|Int32|Int64|Nullable")]
    private static partial Regex Internals();
}
