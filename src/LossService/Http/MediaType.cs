namespace LossService.Http;

/// <summary>A media type that a route reads or writes.</summary>
/// <param name="Name">Type and subtype: <c>application/json</c>.</param>
internal record MediaType(string Name)
{
    /// <summary>The only charset that a request may name; null = a request's parameters are ignored.</summary>
    public string? Charset { get; init; }
}
