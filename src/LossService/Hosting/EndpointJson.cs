using System.Text.Json.Serialization;

namespace LossService.Hosting;

/// <summary>
/// What the code of each route asks of the framework's JSON options when it is made: how an object is written, though every route here
/// writes its own JSON. By reflection, that answer makes converters for all simple types, some sixty methods to compile.
/// </summary>
[JsonSerializable(typeof(object))]
internal sealed partial class EndpointJson : JsonSerializerContext
{
    /// <summary>Answers for objects, before reflection does for the rest.</summary>
    public static void Add(WebApplicationBuilder builder) =>
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, Default));
}
