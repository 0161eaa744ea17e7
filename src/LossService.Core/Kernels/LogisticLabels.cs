namespace LossService.Core.Kernels;

/// <summary>Which labels the kernel of a loss takes.</summary>
internal enum LogisticLabels
{
    /// <summary>None: there is no kernel.</summary>
    None,

    /// <summary>0 and 1.</summary>
    Hard,

    /// <summary>Any from 0 to 1.</summary>
    Any,
}
