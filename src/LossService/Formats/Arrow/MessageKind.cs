namespace LossService.Formats.Arrow;

/// <summary>What a message of an Arrow stream holds, numbered as in its metadata.</summary>
internal enum MessageKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Names and types of the columns.</summary>
    Schema,

    /// <summary>The values of a dictionary, whose indices a column has.</summary>
    Dictionary,

    /// <summary>Rows.</summary>
    RecordBatch,
}
