using System.Globalization;
using LossService.Core.Tensors;

namespace LossService.Tests.Shared.Hostile;

/// <summary>A tensor in no format: a shape, and rows that begin with one element and go on with another.</summary>
/// <param name="Axes">Its shape.</param>
/// <param name="Head">The first element of each row, as JSON.</param>
/// <param name="Tail">The other elements, as JSON.</param>
/// <param name="Last">The last element of all where it differs.</param>
internal sealed record HostileTensor(int[] Axes, string Head, string Tail, string? Last = null)
{
    /// <summary>The number of elements, as long as its product can be held.</summary>
    public long Count => Axes.Aggregate(1L, (count, axis) => Math.Min(count * Math.Max(axis, 0), int.MaxValue));

    /// <summary>Writes it as nested lists.</summary>
    public void WriteNested(BodyText to)
    {
        if (Axes.Length == 0) to.Add(Last ?? Head);
        else WriteAxis(to, 0, true);
    }

    /// <summary>Writes it as one flat list.</summary>
    public void WriteFlat(BodyText to) => (this with { Axes = [(int)Math.Min(Count, to.Room / 2)] }).WriteNested(to);

    /// <summary>Writes it as an object with its bytes in base64.</summary>
    public void WriteBase64(BodyText to, string dtype, Choices choices)
    {
        to.Add($$"""{"dtype":"{{dtype}}","shape":[{{string.Join(',', Axes)}}],"data":""").Add("\"");
        var bytes = new BodyText(to.Room / 4 * 3);
        WriteBytes(bytes, Enum.TryParse<DType>(dtype, ignoreCase: true, out var known) ? known : DType.Float32);
        if (choices.OneIn(16)) bytes.Add("!");
        to.Add(Convert.ToBase64String(bytes.Bytes)).Add("\"}");
    }

    /// <summary>Writes its elements in a dtype, row after row.</summary>
    public void WriteBytes(BodyText to, DType dtype)
    {
        var (head, tail) = (Encode(Head, dtype), Encode(Tail, dtype));
        var width = Axes.Length == 0 ? 1 : Axes[^1];
        if (width <= 0) return;
        var row = new BodyText((int)Math.Min(to.Room, (long)width * head.Length)).Add(head);
        row.Repeat(tail, width - 1);
        to.Repeat(row.Bytes, Count / width);
    }

    private void WriteAxis(BodyText to, int axis, bool isLast)
    {
        var length = Axes[axis];
        to.Add("[");
        if (axis == Axes.Length - 1) WriteRow(to, length, isLast ? Last : null);
        else if (length > 0)
        {
            // all but the last are the same, which is written once: an axis more must not double the work
            var one = new BodyText(to.Room);
            WriteAxis(one, axis + 1, false);
            var comma = new BodyText(to.Room).Add(one.Bytes).Add(",");
            to.Repeat(comma.Bytes, length - 1);
            if (isLast && Last is not null) WriteAxis(to, axis + 1, true);
            else to.Add(one.Bytes);
        }
        to.Add("]");
    }

    private void WriteRow(BodyText to, int length, string? last)
    {
        if (length <= 0) return;
        if (length == 1)
        {
            to.Add(last ?? Head);
            return;
        }
        to.Add(Head).Repeat("," + Tail, length - 2).Add(",").Add(last ?? Tail);
    }

    private static byte[] Encode(string element, DType dtype)
    {
        if (!double.TryParse(element.Trim('"'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            value = element == "true" ? 1 : double.NaN;
        return dtype switch
        {
            DType.Float64 => BitConverter.GetBytes(value),
            DType.Float32 => BitConverter.GetBytes((float)value),
            DType.Float16 => BitConverter.GetBytes((Half)value),
            DType.BFloat16 => BitConverter.GetBytes((float)value)[2..],
            _ => BitConverter.GetBytes((long)Math.Clamp(value, -1e18, 1e18))[..dtype.Size()],
        };
    }
}
