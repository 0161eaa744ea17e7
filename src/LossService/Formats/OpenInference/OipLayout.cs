namespace LossService.Formats.OpenInference;

/// <summary>How the numbers of an input stand in the request, which decides how a pointer gets at one.</summary>
internal enum OipLayout
{
    /// <summary>JSON arrays in the tensor's shape.</summary>
    Nested,

    /// <summary>One JSON array, row-major.</summary>
    Flat,

    /// <summary>Bytes: no pointer leads further than the input itself.</summary>
    Opaque,
}
