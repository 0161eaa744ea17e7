using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;

namespace LossService.Hosting.Access;

/// <summary>The keys that are known, by their hashes alone.</summary>
internal sealed class ApiKeys(AuthSettings settings)
{
    /// <summary>The name of their scheme.</summary>
    public const string Scheme = "ApiKey";

    private readonly (byte[] Hash, ClaimsPrincipal Caller)[] _keys = [.. settings.Keys.Select(key =>
        (Convert.FromHexString(key.Value.Sha256), new ClaimsPrincipal(new ClaimsIdentity(
            [new(ClaimTypes.Name, key.Key), new(Scopes.Claim, key.Value.Scopes)], Scheme))))];

    /// <summary>Who has this key; null where nobody has.</summary>
    public ClaimsPrincipal? Find(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        ClaimsPrincipal? caller = null;
        // every key is compared, in a time that does not tell how far it agrees
        foreach (var known in _keys)
            if (CryptographicOperations.FixedTimeEquals(known.Hash, hash)) caller = known.Caller;
        return caller;
    }
}
