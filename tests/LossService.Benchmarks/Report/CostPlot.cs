using System.Globalization;
using System.Text;

namespace LossService.Benchmarks.Report;

/// <summary>Seconds a request over bytes of its body.</summary>
internal sealed record Curve(string Name)
{
    /// <summary>From the smallest body to the largest.</summary>
    public List<(double Bytes, double Seconds)> Points { get; } = [];
}

/// <summary>Curves of cost on logarithmic axes, as SVG: a straight line at 45° is a cost that grows as the work does.</summary>
internal sealed class CostPlot(IReadOnlyList<Curve> curves)
{
    private const double Left = 84, Top = 56, Width = 560, Height = 400, LabelGap = 19;

    // Okabe and Ito's palette, which colour-blind readers can tell apart; ours are the warm ones
    private static readonly string[] Colours = ["#d55e00", "#0072b2", "#009e73", "#7a5195", "#e69f00", "#8c2d04"];

    private readonly double _firstDecade = Math.Floor(Math.Log10(curves.Min(curve => curve.Points.Min(point => point.Seconds))));
    private readonly double _lastDecade = Math.Ceiling(Math.Log10(curves.Max(curve => curve.Points.Max(point => point.Seconds))));

    /// <summary>The picture, 860 × 530.</summary>
    public override string ToString()
    {
        var svg = new StringBuilder();
        svg.AppendLine("""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 530" font-family="system-ui, sans-serif" font-size="13" fill="#444">
              <title>Time of a request over the size of its body</title>
              <rect width="860" height="530" rx="8" fill="#fff"/>
              <text x="84" y="32" font-size="16" font-weight="600" fill="#111">Time of a request, by the size of its JSON body</text>
            """);
        for (var decade = 4; decade <= 8; decade++)
        {
            Grid(svg, X(Math.Pow(10, decade)), Top, X(Math.Pow(10, decade)), Top + Height);
            Text(svg, X(Math.Pow(10, decade)), Top + Height + 22, "middle", Quantity.Bytes(Math.Pow(10, decade)));
        }
        for (var decade = _firstDecade; decade <= _lastDecade; decade++)
        {
            Grid(svg, Left, Y(Math.Pow(10, decade)), Left + Width, Y(Math.Pow(10, decade)));
            Text(svg, Left - 10, Y(Math.Pow(10, decade)) + 4, "end", Quantity.Time(Math.Pow(10, decade)));
        }
        Text(svg, Left + Width / 2, Top + Height + 48, "middle",
            "1000 classes; loss + gradient unless stated otherwise; one connection; medians");
        for (var i = 0; i < curves.Count; i++) Draw(svg, curves[i], Colours[i],
            curves[i].Name.StartsWith("LossService", StringComparison.Ordinal));
        foreach (var (curve, y) in LabelPlaces())
            svg.AppendLine(CultureInfo.InvariantCulture,
                $"""  <text x="{Left + Width + 14:0.#}" y="{y + 4:0.#}" fill="{Colours[IndexOf(curve)]}" font-weight="{(curve.Name.StartsWith("LossService", StringComparison.Ordinal) ? 700 : 500)}">{curve.Name}</text>""");
        return svg.AppendLine("</svg>").ToString();
    }

    private static void Grid(StringBuilder svg, double x1, double y1, double x2, double y2) =>
        svg.AppendLine(CultureInfo.InvariantCulture, $"""  <path d="M{x1:0.#} {y1:0.#}L{x2:0.#} {y2:0.#}" stroke="#e4e4e4"/>""");

    private static void Text(StringBuilder svg, double x, double y, string anchor, string text) =>
        svg.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="{x:0.#}" y="{y:0.#}" text-anchor="{anchor}">{text}</text>""");

    private void Draw(StringBuilder svg, Curve curve, string colour, bool isOurs)
    {
        var path = string.Join('L', curve.Points
            .Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Bytes):0.#} {Y(point.Seconds):0.#}")));
        svg.AppendLine(CultureInfo.InvariantCulture,
            $"""  <path d="M{path}" fill="none" stroke="{colour}" stroke-width="{(isOurs ? 3 : 2)}" stroke-linejoin="round"/>""");
        foreach (var (bytes, seconds) in curve.Points)
            svg.AppendLine(CultureInfo.InvariantCulture,
                $"""  <circle cx="{X(bytes):0.#}" cy="{Y(seconds):0.#}" r="{(isOurs ? 4.5 : 3.5)}" fill="{colour}"><title>{curve.Name}: {Quantity.Bytes(bytes)}, {Quantity.Time(seconds)}</title></circle>""");
    }

    /// <summary>Beside each curve's end, pushed down where the one above needs the place.</summary>
    private IEnumerable<(Curve Curve, double Y)> LabelPlaces()
    {
        var free = double.MinValue;
        foreach (var curve in curves.OrderBy(curve => Y(curve.Points[^1].Seconds)))
        {
            var y = Math.Max(Y(curve.Points[^1].Seconds), free);
            free = y + LabelGap;
            yield return (curve, y);
        }
    }

    private int IndexOf(Curve curve) => curves.TakeWhile(other => other != curve).Count();

    private static double X(double bytes) => Left + Width * (Math.Log10(bytes) - 3.9) / 4.2;

    private double Y(double seconds) => Top + Height * (_lastDecade - Math.Log10(seconds)) / (_lastDecade - _firstDecade);
}
