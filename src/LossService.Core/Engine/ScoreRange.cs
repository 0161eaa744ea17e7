using LossService.Core.Numerics;
using LossService.Core.Outputs;

namespace LossService.Core.Engine;

/// <summary>Scores a stretch of samples, adding to a sum and a tally that are its own.</summary>
internal delegate void ScoreRange(long start, long end, ExactSum sum, MetricsSum? tally, CancellationToken cancellation);
