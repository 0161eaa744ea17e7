using System.Globalization;
using LossService.Core.Tensors;
using LossService.Formats.Json;
using LossService.Http;
using LossService.Problems;
using LossService.Requests;

namespace LossService.Formats.OpenInference;

/// <summary>Where things stand in an infer request, in words and as JSON Pointers into its JSON.</summary>
/// <remarks>
/// The validation speaks of <c>labels</c>, position 17; the client posted <c>inputs[1].data[17]</c>. Words always begin with
/// the tensor's name and position, for neither bytes nor a gRPC message have a pointer.
/// </remarks>
internal sealed class OipAddresses
{
    private readonly Dictionary<string, Place> _places = [];

    /// <summary>RequestErrors in <paramref name="member"/> stand at <paramref name="pointer"/>.</summary>
    /// <param name="member">As findings name it.</param>
    /// <param name="pointer">A JSON Pointer as a URI fragment.</param>
    /// <param name="name">As words name it.</param>
    /// <param name="layout">Whether positions lengthen the pointer.</param>
    /// <param name="shape">The tensor's shape, where the layout is flat.</param>
    public void Add(string member, string pointer, string name, OipLayout layout = OipLayout.Nested, Shape shape = default) =>
        _places[member] = new(pointer, name, layout, shape);

    /// <summary>The pointer to a member of the request's JSON, by the names on the way to it.</summary>
    public static string Pointer(params string[] path) =>
        "#" + string.Concat(path.Select(name => JsonAddress.Of(new(name))[1..]));

    /// <summary>The problem of a request with findings.</summary>
    public Problem ToProblem(RequestErrors findings, Limits limits) => ProblemTypes.InvalidBatch(
        [.. findings.First.Take(limits.ListedErrors).Select(finding => new ProblemError(Point(finding.Address), Say(finding)))],
        findings.Total);

    private string Point(Address address)
    {
        // what has no name of its own, such as a shape, is noted by its path
        if (!_places.TryGetValue(address.Member, out var place))
            return Append(Pointer(address.Member.Split('/', StringSplitOptions.RemoveEmptyEntries)), address.Position);
        return place.Layout switch
        {
            OipLayout.Opaque => place.Pointer,
            OipLayout.Flat when address.Position.Length > 0 => Append(place.Pointer, [Flatten(address.Position, place.Shape)]),
            _ => Append(place.Pointer, address.Position),
        };
    }

    private string Say(RequestError finding)
    {
        var (member, position) = finding.Address;
        return position.Length > 0 && _places.TryGetValue(member, out var place)
            ? $"{place.Name}[{string.Join(", ", position)}]: {finding.Detail}"
            : finding.Detail;
    }

    private static string Append(string pointer, int[] position) =>
        pointer + string.Concat(position.Select(index => string.Create(CultureInfo.InvariantCulture, $"/{index}")));

    /// <summary>The row-major number of an element; of a row, that of its first element.</summary>
    private static int Flatten(int[] position, Shape shape)
    {
        var element = 0;
        for (var axis = 0; axis < shape.Rank; axis++)
            element = element * shape.Axes[axis] + (axis < position.Length ? position[axis] : 0);
        return element;
    }

    private readonly record struct Place(string Pointer, string Name, OipLayout Layout, Shape Shape);
}
