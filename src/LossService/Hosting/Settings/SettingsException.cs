namespace LossService.Hosting.Settings;

/// <summary>A setting with which the service does not start. The message says which, what is wrong and how to change it.</summary>
public sealed class SettingsException(string message) : Exception(message);
