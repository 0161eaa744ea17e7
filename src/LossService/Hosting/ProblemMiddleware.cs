using LossService.Core.Tensors;
using LossService.Problems;
using Microsoft.AspNetCore.Diagnostics;

namespace LossService.Hosting;

/// <summary>Writes a problem for every failure that has no response yet: from routing, the server or a bug.</summary>
internal static class ProblemMiddleware
{
    /// <summary>Turns exceptions into a 500 without details, and gives an empty 404, 405 and the like its problem.</summary>
    public static void UseProblems(this WebApplication app)
    {
        // no memory for the problem either, see ReceivePool
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
            }
            catch (MemoryBudgetException)
            {
                context.Abort();
            }
        });
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => Describe(context.Features.Get<IExceptionHandlerFeature>()!.Error).ExecuteAsync(context),
            // that a client went away is not an error
            SuppressDiagnosticsCallback = context =>
                context.Exception is OperationCanceledException && context.HttpContext.RequestAborted.IsCancellationRequested,
        });
        // like UseStatusCodePages, which allocates a dictionary for every request
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await Describe(context).ExecuteAsync(context);
        });
    }

    private static Problem Describe(Exception error) => error switch
    {
        BadHttpRequestException bad => ProblemTypes.BadRequest(bad.StatusCode, bad.Message),
        OutOfMemoryException full => FailureProblems.Of(full),
        _ => ProblemTypes.Internal(),
    };

    private static Problem Describe(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => ProblemTypes.NotFound(context.Request.Path),
        StatusCodes.Status405MethodNotAllowed =>
            ProblemTypes.MethodNotAllowed(context.Request.Method, context.Response.Headers.Allow.ToString()),
        var status => ProblemTypes.BadRequest(status, "The request could not be answered."),
    };
}
