using System.Diagnostics.CodeAnalysis;

namespace LossService.Problems;

/// <summary>A value, or the problem that there is instead of it. A method that can fail because of its client returns this.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public readonly record struct Result<T>
{
    private readonly T? _value;
    private readonly Problem? _problem;

    private Result(T? value, Problem? problem) => (_value, _problem) = (value, problem);

    /// <summary>Gets the value, or the problem where there is none.</summary>
    /// <returns>Whether there is a value.</returns>
    public bool TryGet([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Problem? problem)
    {
        (value, problem) = (_value, _problem);
        return problem is null;
    }

    /// <summary>A success.</summary>
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>A failure.</summary>
    public static implicit operator Result<T>(Problem problem) => new(default, problem);
}
