namespace LossService.Hosting.Access;

/// <summary>A token could not be checked, since the keys of the identity provider could not be read.</summary>
internal sealed class ProviderUnreachableException(Exception reason) : Exception(reason.Message, reason);
