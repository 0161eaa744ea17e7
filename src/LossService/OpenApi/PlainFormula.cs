using System.Globalization;
using System.Text;

namespace LossService.OpenApi;

/// <summary>
/// LaTeX as one line of Unicode, for viewers that do not typeset it (Swagger UI, a terminal):
/// <c>-\sum_c t_c \log p_c</c> becomes <c>−Σ_c t_c log p_c</c>.
/// </summary>
internal ref struct PlainFormula
{
    private static readonly Dictionary<string, string> Symbols = Pairs("""
        alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ kappa κ lambda λ mu μ pi π rho ρ sigma σ
        tau τ phi φ omega ω Delta Δ ell ℓ infty ∞ partial ∂ sum Σ prod Π cdot · times × pm ± le ≤ leq ≤ ge ≥ geq ≥ ne ≠
        neq ≠ in ∈ notin ∉ to → approx ≈ equiv ≡ ldots … dots … cdots … mid | vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖
        parallel ‖ | ‖ { { } } lbrace { rbrace }
        """);

    /// <summary>Separates two formulas.</summary>
    public const char Quad = '\u2003';

    private static readonly HashSet<string> Spaces = [",", ":", ";", " "];

    private static readonly HashSet<string> Sizes =
        ["!", "left", "right", "big", "bigl", "bigr", "Big", "Bigl", "Bigr", "textstyle", "displaystyle", "limits"];

    private readonly string _latex;
    private int _position;

    private PlainFormula(string latex) => _latex = latex;

    /// <summary>Converts a formula. An unknown command becomes its name, as <c>\log</c> does.</summary>
    public static string Convert(string latex)
    {
        var text = new PlainFormula(latex).ReadUntil('\0');
        var words = string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return words.Replace($" {Quad} ", Quad.ToString(), StringComparison.Ordinal);
    }

    private string ReadUntil(char end)
    {
        var text = new StringBuilder();
        var isApplied = false;
        while (_position < _latex.Length && _latex[_position] != end)
        {
            var token = ReadToken();
            if (token == " ")
            {
                text.Append(token);
                continue;
            }
            var isWord = token.Length > 1 && char.IsAsciiLetter(token[0]);
            // LaTeX needs no space between a letter or bracket and a word after it (2\log p); plain text does
            if (isWord && text.Length > 0 && (char.IsLetterOrDigit(text[^1]) || text[^1] == ')')) text.Append(' ');
            // bracket a fraction after a word: \log \frac{a}{b} is not (log a)/b
            text.Append(isApplied && token.Contains('/', StringComparison.Ordinal) ? $"({token})" : token);
            isApplied = isWord;
        }
        _position++;
        return text.ToString();
    }

    /// <summary>One character, command or group, with its arguments.</summary>
    private string ReadToken()
    {
        var c = _latex[_position++];
        return c switch
        {
            '\\' => ReadCommand(),
            '{' => ReadUntil('}'),
            '^' => Superscript(ReadArgument()),
            '_' => Subscript(ReadArgument()),
            '-' => "−",
            '~' or '&' or '\n' => " ",
            _ => c.ToString(),
        };
    }

    private string ReadArgument()
    {
        while (_position < _latex.Length && _latex[_position] == ' ') _position++;
        return _position < _latex.Length ? ReadToken().Trim() : "";
    }

    private string ReadCommand()
    {
        var start = _position;
        while (_position < _latex.Length && char.IsAsciiLetter(_latex[_position])) _position++;
        if (_position == start) _position++;
        var name = _latex[start.._position];
        switch (name)
        {
            case "frac" or "tfrac" or "dfrac":
                var numerator = ReadArgument();
                return $"{Bracket(numerator)}/{Bracket(ReadArgument())}";
            case "sqrt":
                return "√" + Bracket(ReadArgument());
            case "text" or "mathrm" or "operatorname" or "mathbf" or "mathbb" or "mathcal":
                return ReadToken();
            case "hat" or "bar" or "tilde":
                return ReadArgument() + (name == "hat" ? "\u0302" : name == "bar" ? "\u0304" : "\u0303");
            case "begin":
                return ReadToken() == "cases" ? "{ " : "";
            case "end":
                return ReadToken() == "cases" ? " }" : "";
        }
        if (name == "\\") return "; ";
        if (name is "quad" or "qquad") return Quad.ToString();
        return Spaces.Contains(name) ? " " : Sizes.Contains(name) ? "" : Symbols.GetValueOrDefault(name, name);
    }

    private static Dictionary<string, string> Pairs(string words) =>
        words.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    private static string Superscript(string text) => text switch
    {
        "2" => "²",
        "3" => "³",
        "+" => "⁺",
        _ => "^" + (text.Contains('_', StringComparison.Ordinal) ? $"({text})" : Bracket(text)),
    };

    private static string Subscript(string text) => text.Length == 1 || text.All(char.IsAsciiLetter) ? "_" + text : "_{" + text + "}";

    /// <summary>Brackets around anything but a single name or number.</summary>
    private static string Bracket(string text) =>
        text.All(c => char.IsLetterOrDigit(c) || c == '_' || char.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark)
            ? text : $"({text})";
}
