namespace LossService.Core.Engine;

/// <summary>What class weights do to a loss.</summary>
internal enum ClassWeighting
{
    /// <summary>The formula has w_c inside, beside t_c.</summary>
    PerTerm,

    /// <summary>A sample's value is multiplied by Σ_c w_c·y_c / Σ_c y_c, y the unsmoothed label.</summary>
    PerSample,
}
