namespace LossService.Formats;

/// <summary>What a body of a media type holds, for the API document.</summary>
internal enum BodyContent
{
    /// <summary>One JSON object, which has a schema.</summary>
    Json,

    /// <summary>Text without a schema.</summary>
    Text,

    /// <summary>A form: tensors as files, options as texts.</summary>
    Form,

    /// <summary>Bytes.</summary>
    Bytes,
}
