using System.Globalization;
using System.Text;
using LossService.Formats.Numbers;

namespace LossService.Tests.Formats.Numbers;

/// <summary>
/// The law of writing: the framework reads the text back as the same bits, and finds no shorter or closer digits.
/// </summary>
internal static unsafe class WritingLaw
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Checks values in a list, where several are converted at once, and one by one.</summary>
    public static void Check(ReadOnlySpan<float> values)
    {
        var list = new byte[(values.Length * NumberWriter.MaxLength) + NumberWriter.Room];
        var one = stackalloc byte[NumberWriter.Room];
        fixed (float* first = values)
        fixed (byte* start = list)
        {
            var end = NumberWriter.WriteList(first, values.Length, start);
            var text = start;
            foreach (var value in values)
            {
                var number = Next(ref text, end);
                var same = number.SequenceEqual(new(one, NumberWriter.Write(value, one)))
                    && (!float.IsFinite(value) || Holds(number, value));
                if (!same) Assert.Fail($"{value:R} was written {Encoding.UTF8.GetString(number)}");
            }
            Assert.True(text == end);
        }
    }

    /// <inheritdoc cref="Check(ReadOnlySpan{float})"/>
    public static void Check(ReadOnlySpan<double> values)
    {
        var list = new byte[(values.Length * NumberWriter.MaxLength) + NumberWriter.Room];
        var one = stackalloc byte[NumberWriter.Room];
        fixed (double* first = values)
        fixed (byte* start = list)
        {
            var end = NumberWriter.WriteList(first, values.Length, start);
            var text = start;
            foreach (var value in values)
            {
                var number = Next(ref text, end);
                var same = number.SequenceEqual(new(one, NumberWriter.Write(value, one)))
                    && (!double.IsFinite(value) || Holds(number, value));
                if (!same) Assert.Fail($"{value:R} was written {Encoding.UTF8.GetString(number)}");
            }
            Assert.True(text == end);
        }
    }

    private static ReadOnlySpan<byte> Next(ref byte* text, byte* end)
    {
        var number = new ReadOnlySpan<byte>(text, (int)Math.Min(end - text, 64));
        number = number[..number.IndexOf((byte)',')];
        text += number.Length + 1;
        return number;
    }

    private static bool Holds(ReadOnlySpan<byte> number, float value)
    {
        Span<byte> shortest = stackalloc byte[32];
        return float.TryParse(number, NumberStyles.Float, Invariant, out var read)
            && BitConverter.SingleToInt32Bits(read) == BitConverter.SingleToInt32Bits(value)
            && value.TryFormat(shortest, out var length, "R", Invariant)
            && Digits(number) == Digits(shortest[..length]);
    }

    private static bool Holds(ReadOnlySpan<byte> number, double value)
    {
        Span<byte> shortest = stackalloc byte[32];
        return double.TryParse(number, NumberStyles.Float, Invariant, out var read)
            && BitConverter.DoubleToInt64Bits(read) == BitConverter.DoubleToInt64Bits(value)
            && value.TryFormat(shortest, out var length, "R", Invariant)
            && (Digits(number) == Digits(shortest[..length]) || !ReadsBack(shortest[..length], value));
    }

    // the framework's text of some powers of two is a digit too short: 2^-958 is not 4.104536801298376E-289
    private static bool ReadsBack(ReadOnlySpan<byte> text, double value) => double.Parse(text, Invariant).Equals(value);

    // the significant digits, as one integer
    private static ulong Digits(ReadOnlySpan<byte> number)
    {
        ulong digits = 0;
        foreach (var character in number)
        {
            if ((character | 0x20) == 'e') break;
            if (char.IsAsciiDigit((char)character)) digits = (digits * 10) + (character - (ulong)'0');
        }
        while (digits != 0 && digits % 10 == 0) digits /= 10;
        return digits;
    }
}
