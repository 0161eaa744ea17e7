using System.Runtime.InteropServices;

namespace LossService.Formats.Numbers;

/// <summary>A float16, written as the float32 that is exactly the same number.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
internal readonly unsafe struct Float16Element : IWrittenElement<Float16Element>
{
    private const int BlockLength = 256;

    public static byte* WriteList(Float16Element* elements, int count, byte* text)
    {
        var block = stackalloc float[BlockLength];
        for (var start = 0; start < count; start += BlockLength)
        {
            var length = Math.Min(BlockLength, count - start);
            for (var i = 0; i < length; i++) block[i] = (float)((Half*)elements)[start + i];
            text = NumberWriter.WriteList(block, length, text);
        }
        return text;
    }
}
