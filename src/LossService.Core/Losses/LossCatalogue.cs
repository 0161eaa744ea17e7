namespace LossService.Core.Losses;

/// <summary>Every loss: each concrete class of this assembly that derives from <see cref="Loss"/>.</summary>
public static class LossCatalogue
{
    private static readonly Dictionary<string, Loss> ByName = typeof(Loss).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(Loss)) && !type.IsAbstract)
        .Select(type => (Loss)Activator.CreateInstance(type)!)
        .ToDictionary(loss => loss.Name);

    /// <summary>All losses, by name.</summary>
    public static IReadOnlyList<Loss> All { get; } = [.. ByName.Values.OrderBy(loss => loss.Name, StringComparer.Ordinal)];

    /// <summary>The loss of a name, or null.</summary>
    public static Loss? Find(string name) => ByName.GetValueOrDefault(name);
}
