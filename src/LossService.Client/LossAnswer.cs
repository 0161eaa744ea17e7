namespace LossService.Client;

/// <summary>The answer to one batch of a stream.</summary>
/// <param name="Line">The number of the batch, from 1.</param>
/// <param name="Problem">Why the batch was refused; null where it was scored.</param>
public sealed record LossAnswer(long Line, LossProblem? Problem)
{
    private readonly LossScores? _scores;

    internal LossAnswer(long line, LossScores scores) : this(line, (LossProblem?)null) => _scores = scores;

    /// <summary>The scores of the batch.</summary>
    /// <exception cref="LossProblemException">The batch was refused.</exception>
    public LossScores Scores => _scores ?? throw new LossProblemException(Problem!);
}
