using LossService.Problems;
using Microsoft.AspNetCore.Diagnostics;

namespace LossService.Hosting;

/// <summary>Makes a problem of every failure that no handler answered: routing's, the server's, and our own.</summary>
internal static class ProblemMiddleware
{
    /// <summary>Exceptions become a 500 without details; empty 404, 405 and the like get their problem.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => Of(context.Features.Get<IExceptionHandlerFeature>()!.Error).ExecuteAsync(context),
            // a client that went away is no error of anyone's
            SuppressDiagnosticsCallback = context => context.Exception is OperationCanceledException && context.HttpContext.RequestAborted.IsCancellationRequested,
        });
        // what UseStatusCodePages does, without the dictionary that it has made for every request
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await Of(context).ExecuteAsync(context);
        });
    }

    private static Problem Of(Exception error) => error is BadHttpRequestException bad
        ? ProblemTypes.BadRequest(bad.StatusCode, bad.Message)
        : ProblemTypes.Internal();

    private static Problem Of(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ProblemTypes.NotFound(context.Request.Path),
        StatusCodes.Status405MethodNotAllowed => ProblemTypes.MethodNotAllowed(context.Request.Method, context.Response.Headers.Allow.ToString()),
        var status => ProblemTypes.BadRequest(status, "The request could not be answered."),
    };
}
