namespace LossService.Formats.Numbers;

/// <summary>An element of an array of numbers that is written as JSON.</summary>
internal unsafe interface IWrittenElement<TSelf> where TSelf : unmanaged, IWrittenElement<TSelf>
{
    /// <summary>Writes each element as JSON with a comma after it, and returns the end of the text.</summary>
    static abstract byte* WriteList(TSelf* elements, int count, byte* text);
}
