namespace LossService.Core.Options;

/// <summary>What an option's value looks like on the wire.</summary>
public enum OptionForm
{
    /// <summary>One number.</summary>
    Number,

    /// <summary>One integer.</summary>
    Integer,

    /// <summary>One integer or a list of them.</summary>
    Integers,

    /// <summary>One number for each class.</summary>
    PerClass,

    /// <summary>One number, or one for each class.</summary>
    NumberOrPerClass,

    /// <summary>One of a few words.</summary>
    Choice,

    /// <summary>True or false.</summary>
    Flag,
}
