using System.Text.Json;
using System.Text.Json.Serialization;

namespace LossService.Clients.NSwagSystemText;

/// <summary>What a user adds to NSwag's client with System.Text.Json: without it, a list of words is written as numbers.</summary>
public partial class LossClient
{
    static partial void UpdateJsonSerializerSettings(JsonSerializerOptions settings) =>
        settings.Converters.Add(new JsonStringEnumConverter());
}
