using System.Runtime.InteropServices;

namespace LossService.Formats.Numbers;

/// <summary>A bfloat16, written as the float32 that is exactly the same number.</summary>
[StructLayout(LayoutKind.Sequential, Size = sizeof(ushort))]
internal readonly unsafe struct BFloat16Element : IWrittenElement<BFloat16Element>
{
    private const int BlockLength = 256;

    public static byte* WriteList(BFloat16Element* elements, int count, byte* text)
    {
        var block = stackalloc uint[BlockLength];
        for (var start = 0; start < count; start += BlockLength)
        {
            var length = Math.Min(BlockLength, count - start);
            for (var i = 0; i < length; i++) block[i] = (uint)((ushort*)elements)[start + i] << 16;
            text = NumberWriter.WriteList((float*)block, length, text);
        }
        return text;
    }
}
