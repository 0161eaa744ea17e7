using System.Text.Json;

namespace LossService.Core.Tests.Numerics;

/// <summary>The truth by mpmath: <c>golden.json</c>, written by <c>golden.py</c>, both beside this file.</summary>
internal static class Golden
{
    private static readonly Dictionary<string, double[][]> Tables =
        JsonSerializer.Deserialize<Dictionary<string, double[][]>>(File.ReadAllText(Beside("golden.json")))!;

    /// <summary>Rows of argument (hi, lo), the exponent where the function has one, and three parts of the result.</summary>
    public static double[][] Table(string function) => Tables[function];

    private static string Beside(string file)
    {
        // The tests run from somewhere below their project's folder, wherever that is
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Numerics", file)))
            folder = folder.Parent ?? throw new FileNotFoundException(file);
        return Path.Combine(folder.FullName, "Numerics", file);
    }
}
