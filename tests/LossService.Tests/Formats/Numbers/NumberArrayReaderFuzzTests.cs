using System.Runtime.InteropServices;
using System.Text;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>
/// Valid arrays, damaged at random: whatever the reader accepts, the framework's reader accepts too, with the same shape, the
/// same length and the same bits, whatever the number of parts.
/// </summary>
public sealed class NumberArrayReaderFuzzTests
{
    private const int Cases = 60_000;

    private static readonly string[] Numbers =
    [
        "0", "-0", "1", "12", "-3.25", "2.2318335", "-0.00012345678", "1e5", "-1.5E-20", "3.4028235e38", "1e-45",
        "16777217", "9007199254740993", "0.1234567890123456789", "123456789012345678901234567890", "1e-400", "4.9e-324",
    ];

    private static readonly string[] CommonNumbers = ["0", "1", "-1.5", "2.2318335", "-0.037", "0.12345678901234567", "7.1e-5"];

    private static ReadOnlySpan<byte> Alphabet => "0123456789..--++eE,,[[]] \n\t\"nN}{\0x"u8;

    [Fact]
    public void Read_DamagedArrays_AcceptsOnlyWhatTheFrameworkAccepts()
    {
        var random = new Random(20260101);
        var accepted = 0;
        for (var i = 0; i < Cases; i++)
        {
            var text = Damage(Generate(random), random);
            accepted += Agrees<Float32Element, float>(text, ReferenceReader.Float32, random) ? 1 : 0;
            accepted += Agrees<Float64Element, double>(text, ReferenceReader.Float64, random) ? 1 : 0;
            accepted += Agrees<Int64Element, long>(text, ReferenceReader.Int64, random) ? 1 : 0;
        }

        // the law above would hold for a reader that declines everything
        Assert.InRange(accepted, Cases / 4, 3 * Cases);
    }

    private static bool Agrees<TElement, T>(byte[] text, ReferenceReader.ReadElement<T> element, Random random)
        where TElement : unmanaged, INumberElement<TElement>
        where T : unmanaged
    {
        using var body = new PaddedBody(text, Alphabet[random.Next(Alphabet.Length)]);
        var alone = body.Read<TElement>();
        var shared = body.Read<TElement>(random.Next(2, 6));
        Assert.Equal(alone.HasValue, shared.HasValue);
        if (shared is not { } actual) return false;

        var expected = ReferenceReader.Read(text, element);
        Assert.True(expected.HasValue, $"accepted: {Encoding.UTF8.GetString(text)}");
        Assert.Equal(expected.Value.Shape, actual.Array.Shape);
        Assert.Equal(expected.Value.Length, actual.Array.Length);
        Assert.Equal(expected.Value.Elements.Length, actual.Array.Count);
        Assert.True(
            MemoryMarshal.AsBytes<T>(expected.Value.Elements)
                .SequenceEqual(MemoryMarshal.AsBytes<TElement>(actual.Elements)),
            $"read differently: {Encoding.UTF8.GetString(text)}");
        return true;
    }

    private static byte[] Generate(Random random)
    {
        var text = new StringBuilder();
        int[] shape = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 5))];
        if (random.Next(2) == 0) shape[^1] = random.Next(5, 40); // float32 are read eight at a time
        var separator = random.Next(3) switch { 0 => ",", 1 => ", ", _ => " ,\n  " };
        var numbers = random.Next(3) == 0 ? CommonNumbers : Numbers;
        Append(0);
        return Encoding.UTF8.GetBytes(text.ToString());

        void Append(int axis)
        {
            if (axis == shape.Length)
            {
                text.Append(numbers[random.Next(numbers.Length)]);
                return;
            }
            text.Append('[');
            for (var i = 0; i < shape[axis]; i++)
            {
                if (i > 0) text.Append(separator);
                Append(axis + 1);
            }
            text.Append(']');
        }
    }

    private static byte[] Damage(byte[] text, Random random)
    {
        var damaged = new List<byte>(text);
        for (var edits = random.Next(4); edits > 0 && damaged.Count > 0; edits--)
        {
            var at = random.Next(damaged.Count);
            var character = Alphabet[random.Next(Alphabet.Length)];
            switch (random.Next(4))
            {
                case 0: damaged[at] = character; break;
                case 1: damaged.Insert(at, character); break;
                case 2: damaged.RemoveAt(at); break;
                default: damaged.InsertRange(at, damaged.GetRange(at, Math.Min(random.Next(1, 30), damaged.Count - at))); break;
            }
        }
        return [.. damaged];
    }
}
