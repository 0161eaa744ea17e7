using System.Globalization;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>Where the fields and tensors of an infer request are, in words and as JSON Pointers.</summary>
/// <remarks>
/// The validation reports <c>labels</c>, position 17; the client posted <c>inputs[1].data[17]</c>. The words always have the tensor's
/// name and position too, because bytes and gRPC messages have no pointers.
/// </remarks>
internal sealed class OipAddresses
{
    private readonly Dictionary<string, Place> _places = [];

    /// <summary>Says that errors in <paramref name="field"/> are at <paramref name="pointer"/>.</summary>
    /// <param name="field">The field as errors name it.</param>
    /// <param name="pointer">A JSON Pointer as a URI fragment.</param>
    /// <param name="name">Its name in words.</param>
    /// <param name="layout">How a position continues the pointer.</param>
    /// <param name="shape">The tensor's shape where the layout is flat.</param>
    public void Add(string field, string pointer, string name, OipLayout layout = OipLayout.Nested, Shape shape = default) =>
        _places[field] = new(pointer, name, layout, shape);

    /// <summary>The pointer to a field of the request's JSON, by the names on its path.</summary>
    public static string Pointer(params string[] path) =>
        "#" + string.Concat(path.Select(name => JsonPointer.Format(new(name))[1..]));

    /// <summary>Says where an error is.</summary>
    public ProblemError Locate(RequestError error) => new(Point(error.Address), Describe(error));

    private string Point(Address address)
    {
        // a field of the protocol, such as a shape, is noted by its path
        if (!_places.TryGetValue(address.Member, out var place))
            return Append(Pointer(address.Member.Split('/', StringSplitOptions.RemoveEmptyEntries)), address.Position);
        return place.Layout switch
        {
            OipLayout.Opaque => place.Pointer,
            OipLayout.Flat when address.Position.Length > 0 => Append(place.Pointer, [Flatten(address.Position, place.Shape)]),
            _ => Append(place.Pointer, address.Position),
        };
    }

    private string Describe(RequestError error)
    {
        var (field, position) = error.Address;
        return position.Length > 0 && _places.TryGetValue(field, out var place)
            ? $"{place.Name}[{string.Join(", ", position)}]: {error.Detail}"
            : error.Detail;
    }

    private static string Append(string pointer, int[] position) =>
        pointer + string.Concat(position.Select(index => string.Create(CultureInfo.InvariantCulture, $"/{index}")));

    /// <summary>The row-major index of an element; for a row, of its first element.</summary>
    private static int Flatten(int[] position, Shape shape)
    {
        var element = 0;
        for (var axis = 0; axis < shape.Rank; axis++)
            element = element * shape.Axes[axis] + (axis < position.Length ? position[axis] : 0);
        return element;
    }

    private readonly record struct Place(string Pointer, string Name, OipLayout Layout, Shape Shape);
}
