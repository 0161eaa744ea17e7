namespace LossService.Formats.OpenInference;

/// <summary>How the request holds the numbers of an input, which decides how a JSON Pointer leads to one.</summary>
internal enum OipLayout
{
    /// <summary>Nested JSON arrays in the tensor's shape.</summary>
    Nested,

    /// <summary>One JSON array, row-major.</summary>
    Flat,

    /// <summary>Bytes: a pointer ends at the input.</summary>
    Opaque,
}
