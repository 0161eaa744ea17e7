namespace LossService.Core.Losses;

/// <summary>A paper, book or page.</summary>
/// <param name="Text">Authors, title, year.</param>
/// <param name="Url">Its address, https.</param>
public sealed record Reference(string Text, string Url);
