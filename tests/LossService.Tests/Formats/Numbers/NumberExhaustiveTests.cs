using System.Runtime.InteropServices;
using LossService.Core.Tensors;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>
/// Every float32 there is. Minutes long, so it runs only when asked for:
/// <code>dotnet run -c Release --project tests/LossService.Tests -- -explicit only -class
/// LossService.Tests.Formats.Numbers.NumberExhaustiveTests</code>
/// </summary>
public sealed class NumberExhaustiveTests
{
    private const int Chunk = 1 << 16;

    [Fact(Explicit = true)]
    public unsafe void Float32_EveryMagnitude_IsWrittenShortestAndReadBack()
    {
        const uint Finite = 0x7F800000;
        var values = new float[Chunk];
        using var text = new NativeBuffer((Chunk * NumberWriter.MaxLength) + NumberWriter.Room + 2);
        using var elements = new NativeBuffer();
        for (uint first = 0; first < Finite; first += Chunk)
        {
            // both signs take turns
            for (uint i = 0; i < Chunk; i++) values[i] = BitConverter.UInt32BitsToSingle((first + i) | (i << 31));
            WritingLaw.Check(values);

            var start = text.Address;
            *start = (byte)'[';
            byte* end;
            fixed (float* source = values) end = NumberWriter.WriteList(source, Chunk, start + 1);
            end[-1] = (byte)']';
            Assert.True(NumberArrayReader.TryRead<Float32Element>(start, end, elements, out var array));
            Assert.Equal(Chunk, array.Count);
            var same = new ReadOnlySpan<uint>(elements.Address, Chunk).SequenceEqual(MemoryMarshal.Cast<float, uint>(values));
            Assert.True(same, $"a number from bits {first:X8} on was read differently");
        }
    }
}
