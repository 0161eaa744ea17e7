namespace LossService.Hosting.Settings;

/// <summary>The names of Kestrel's own section: https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/endpoints.</summary>
internal sealed record KestrelSettings
{
    /// <summary>Where the service listens, by the name of the endpoint.</summary>
    public Dictionary<string, Endpoint> Endpoints { get; init; } = [];

    /// <summary>What holds of every endpoint.</summary>
    public Handshake EndpointDefaults { get; init; } = new();

    /// <summary>The certificate <c>Default</c>, of every HTTPS endpoint without its own.</summary>
    public Dictionary<string, Certificate> Certificates { get; init; } = [];

    /// <summary>Whether every endpoint listens on this machine alone.</summary>
    internal bool IsLoopback => Endpoints.Values.All(endpoint => endpoint.IsLoopback);

    /// <summary>Protocols and TLS.</summary>
    internal record Handshake
    {
        /// <summary><c>Http1</c>, <c>Http2</c> or <c>Http1AndHttp2</c>.</summary>
        public string? Protocols { get; init; }

        /// <summary>The versions of TLS: <c>Tls12</c>, <c>Tls13</c>.</summary>
        public Dictionary<string, string> SslProtocols { get; init; } = [];

        /// <summary>Whether clients need a certificate: <c>NoCertificate</c>, <c>AllowCertificate</c>, <c>RequireCertificate</c>.</summary>
        public string? ClientCertificateMode { get; init; }

        /// <summary>The endpoint's certificate.</summary>
        public Certificate? Certificate { get; init; }
    }

    /// <summary>One address.</summary>
    internal sealed record Endpoint : Handshake
    {
        /// <summary>Scheme, host and port: <c>http://localhost:8080</c>.</summary>
        public string? Url { get; init; }

        /// <summary>What holds of a server name (SNI).</summary>
        public Dictionary<string, Handshake> Sni { get; init; } = [];

        /// <summary>Whether it can be reached from this machine alone; a host that is no address, such as <c>+</c>, is any.</summary>
        internal bool IsLoopback => Uri.TryCreate(Url, UriKind.Absolute, out var address) && address.IsLoopback;
    }

    /// <summary>A certificate from a file or from the store.</summary>
    internal sealed record Certificate
    {
        /// <summary>The file.</summary>
        public string? Path { get; init; }

        /// <summary>The file of the private key, where it is not in <see cref="Path"/>.</summary>
        public string? KeyPath { get; init; }

        /// <summary>The password of the file.</summary>
        public string? Password { get; init; }

        /// <summary>The subject in the store.</summary>
        public string? Subject { get; init; }

        /// <summary>The store.</summary>
        public string? Store { get; init; }

        /// <summary>The store's location.</summary>
        public string? Location { get; init; }

        /// <summary>Whether an invalid certificate is taken from the store.</summary>
        public string? AllowInvalid { get; init; }
    }
}
