using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;

namespace Slipway.Platform.Foundation.Blobs;

/// <summary>
/// Where a module keeps keys of blobs that are named by their content. What none of these name is garbage, so a module that
/// calls <see cref="BlobStore.PutContentAsync"/> says here in which columns the keys end up.
/// </summary>
/// <param name="Sql">A query whose first column is text that holds keys, alone or anywhere within, as in JSON; null is none.</param>
public sealed partial record BlobReferences(string Sql)
{
    internal static IEnumerable<string> KeysIn(string text) => Key().Matches(text).Select(match => match.Value);

    [GeneratedRegex("sha256/[0-9a-f]{2}/[0-9a-f]{62}", RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}

public static class BlobReferencesRegistration
{
    public static IServiceCollection AddBlobReferences(this IServiceCollection services, string sql) =>
        services.AddSingleton(new BlobReferences(sql));
}
