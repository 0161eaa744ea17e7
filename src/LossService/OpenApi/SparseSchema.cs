using LossService.Core.Options;
using Microsoft.OpenApi;
using static LossService.OpenApi.Schemas;

namespace LossService.OpenApi;

/// <summary>The schema of sparse rows, which may stand in the place of labels.</summary>
internal static class SparseSchema
{
    /// <summary>Adds it to a document, under <see cref="Schemas.SparseRows"/>.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        var shape = "in the samples' shape and one more axis of k";
        var rows = Object(
            new()
            {
                ["indices"] = Tensor($"The classes that a row names, {shape}: from 0, no class twice.", default, document),
                ["values"] = Tensor($"Their probabilities, {shape}.", JsonSchemaType.Null, document),
                ["log_values"] = Tensor($"In place of values: the natural logarithms of their probabilities, {shape}.",
                    JsonSchemaType.Null, document),
                [SharedOptions.Remainder.Name] = RefOrNull(
                    TypeName(SharedOptions.Remainder.Name), document, OptionsSchema.Describe(SharedOptions.Remainder)),
            },
            "indices");
        rows.AdditionalPropertiesAllowed = false;
        rows.Description = "Labels as sparse rows: k classes of each sample, with their probabilities.";
        document.AddComponent(SparseRows, rows);
    }
}
