using System.Collections.Concurrent;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Access;

/// <summary>
/// Keys and principals as sign-in last read them. What this process changes is forgotten with the commit; what another server
/// on the same database changes is noticed within <see cref="Trust"/>.
/// </summary>
public sealed class SignInCache(TimeProvider time)
{
    public static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);

    private Generation current = new();

    /// <summary>Everything is read afresh once the transaction has committed.</summary>
    internal void ForgetAfter(DbSession session) => session.OnCommitted(Forget);

    /// <summary>Take it before reading from the database and put into it what was read: a change meanwhile starts another.</summary>
    internal Generation Current => Volatile.Read(ref current);

    internal bool IsFresh(long readAt) => time.GetElapsedTime(readAt) < Trust;

    internal long Now => time.GetTimestamp();

    private void Forget() => Volatile.Write(ref current, new Generation());

    internal sealed class Generation
    {
        /// <summary>By id; only keys that exist, so callers cannot make it grow.</summary>
        public ConcurrentDictionary<string, KnownKey> Keys { get; } = new(StringComparer.Ordinal);

        /// <summary>By name; only principals that exist.</summary>
        public ConcurrentDictionary<string, KnownPrincipal> Principals { get; } = new(StringComparer.Ordinal);

        public KnownCount? Anyone { get; set; }
    }

    /// <param name="Actor">Null while the principal is disabled.</param>
    internal sealed record KnownKey(StoredKey Stored, Actor? Actor, long ReadAt);

    internal sealed record KnownPrincipal(Principal Principal, long ReadAt);

    internal sealed record KnownCount(bool Any, long ReadAt);
}
