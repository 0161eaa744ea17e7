using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace LossService.OpenApi;

/// <summary>The OpenAPI document at <c>/swagger/v1/swagger.json</c>, and Swagger UI at <c>/swagger</c>.</summary>
internal static class ApiDocument
{
    private const string Introduction = """
        A batch of labels and a model's outputs goes in; the loss, each sample's loss and the gradient come back.

        **The idea.** A model gives the truth a probability *p*, and cross-entropy charges −log *p* for it: nothing where it
        was certain and right, 0.69 nats for a coin flip, and without bound the surer it was of something else. Behind
        softmax its gradient is just *prediction − truth*: as large as the mistake, so a model that is badly wrong hears of
        it. The other losses ask the same question with other trade-offs; each says which.

        **Try one.** Open a loss and press *Execute*. Predictions are named for what they are (`logits`, `probabilities`
        or `log_probabilities`), classes stand on the last axis, and `outputs` says what to compute. Numbers are JSON
        numbers; one that is not finite is the string `"NaN"`, `"Infinity"` or `"-Infinity"`, both ways. Every answer has an
        `X-Request-Id`, yours or one of ours, and scores a `Server-Timing`.

        **Errors** are `application/problem+json` (RFC 9457) with a stable `type`. A batch that is not valid gets a 422 that
        points at each place: `{"pointer": "#/labels/17", "detail": "class index 12 is outside 0..9"}`. Nothing is silently
        clipped, renormalised, dropped or coerced.
        """;

    /// <summary>Registers the document.</summary>
    public static void AddApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddEndpointsApiExplorer();
        builder.Services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc("v1", new OpenApiInfo { Title = "LossService", Version = "v1", Description = Prose.Unwrap(Introduction) });
            options.DocumentAsyncFilter<LossesDocument>();
            options.DocumentAsyncFilter<OipDocument>();
        });
    }

    /// <summary>Serves the document and the page.</summary>
    public static void UseApiDocument(this WebApplication app)
    {
        // both look at every path by a regular expression, which a batch need not wait for
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/swagger"), documents =>
        {
            documents.UseSwagger(options => options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1);
            documents.UseSwaggerUI(ShowDocument);
        });
    }

    private static void ShowDocument(SwaggerUIOptions options)
    {
        options.DocumentTitle = "LossService";
        options.HeadContent = $"<style>{Asset("page.css")}</style><script>{Asset("batches.js")}</script>";
        options.ConfigObject.Plugins = ["Batches"];
        options.EnableTryItOutByDefault();
        options.DisplayRequestDuration();
        options.EnableDeepLinking();
        options.DocExpansion(DocExpansion.List);
        options.DefaultModelRendering(ModelRendering.Example);
        options.DefaultModelExpandDepth(1);
        options.DefaultModelsExpandDepth(-1);
    }

    private static string Asset(string name)
    {
        using var reader = new StreamReader(typeof(ApiDocument).Assembly.GetManifestResourceStream($"LossService.OpenApi.SwaggerUi.{name}")!);
        return reader.ReadToEnd();
    }
}
