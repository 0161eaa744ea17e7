using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerUI;

namespace LossService.OpenApi;

/// <summary>The OpenAPI document at <c>/swagger/v1/swagger.json</c>, and Swagger UI at <c>/swagger</c>.</summary>
internal static class ApiDocument
{
    private const string Name = "v1";
    private const string Style = "page.css";
    private const string Script = "batches.js";

    private const string Introduction = """
        Post a batch of labels and a model's outputs; the response has the loss, the loss of each sample and the gradient.

        **Example.** Cross-entropy is −log *p*, where *p* is the probability that the model assigns to the label: 0 for *p* = 1,
        0.69 nats for *p* = ½, and unbounded as *p* tends to 0. With softmax, its gradient with respect to the logits is *p − t*,
        where *t* is 1 for the label and 0 for the other classes. The other losses make other trade-offs; the page of each loss
        tells when to use it.

        **Try one.** Open a loss and press *Execute*. The member that holds the predictions is named after their form (`logits`,
        `probabilities` or `log_probabilities`), classes are on the last axis (or on `class_axis`), and `outputs` lists what to
        compute. Numbers are JSON numbers; in requests and responses, the non-finite ones are the strings `"NaN"`, `"Infinity"` and
        `"-Infinity"`.
        Every response has an `X-Request-Id` (the request's own, or a new one); responses to batches also have a `Server-Timing`.

        **Errors** are `application/problem+json` (RFC 9457) with a stable `type`. An invalid batch is a 422 that lists the place
        and cause of each error: `{"pointer": "#/labels/17", "detail": "class index 12 is outside 0..9"}`. Values are never
        silently clipped, normalised, dropped or converted.
        """;

    /// <summary>Registers the document.</summary>
    public static void AddApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new HeldDocument(Name));
        builder.Services.AddEndpointsApiExplorer();
        builder.Services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(Name, new OpenApiInfo
            {
                Title = "LossService",
                Version = "v1",
                Description = Prose.Unwrap(Introduction),
                Contact = new() { Name = "the LossService authors" },
                License = new() { Name = "MIT", Identifier = "MIT" },
            });
            // relative to the document's own address, so that it is right behind a path prefix, too
            options.AddServer(new() { Url = "../..", Description = "This server" });
            // a requirement that requires nothing: the routes are open
            options.AddSecurityRequirement(_ => new OpenApiSecurityRequirement());
            options.DocumentAsyncFilter<LossesDocument>();
            options.DocumentFilter<LimitsDocument>();
            options.DocumentAsyncFilter<OipDocument>();
        });
    }

    /// <summary>Serves the document and the page.</summary>
    public static void UseApiDocument(this WebApplication app)
    {
        var held = app.Services.GetRequiredService<HeldDocument>();
        // Swagger UI looks at every path by a regular expression, which a batch need not wait for
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/swagger"), documents =>
        {
            documents.Use((context, next) =>
                HttpMethods.IsGet(context.Request.Method) && context.Request.Path == $"/swagger/{Name}/swagger.json"
                    ? held.AnswerAsync(context) : next(context));
            documents.UseSwaggerUI(ShowDocument);
        });
        MapAsset(app, Style, "text/css");
        MapAsset(app, Script, "text/javascript");
    }

    private static void ShowDocument(SwaggerUIOptions options)
    {
        options.DocumentTitle = "LossService";
        // files of their own, not text inside the page, which a strict Content-Security-Policy refuses
        options.HeadContent = "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
        options.InjectStylesheet(Style);
        options.InjectJavascript(Script);
        options.EnableTryItOutByDefault();
        options.DisplayRequestDuration();
        options.EnableDeepLinking();
        options.DocExpansion(DocExpansion.List);
        options.DefaultModelRendering(ModelRendering.Example);
        options.DefaultModelExpandDepth(1);
        options.DefaultModelsExpandDepth(-1);
    }

    private static void MapAsset(WebApplication app, string name, string mediaType)
    {
        using var stream = typeof(ApiDocument).Assembly.GetManifestResourceStream($"LossService.OpenApi.SwaggerUi.{name}")!;
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        app.MapGet($"/swagger/{name}", () => Results.Text(text, mediaType)).ExcludeFromDescription().AllowAnonymous();
    }
}
