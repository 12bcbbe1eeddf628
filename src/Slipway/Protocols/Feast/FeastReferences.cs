using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;

namespace Slipway.Protocols.Feast;

/// <summary>Features as clients name them: <c>view:feature</c>, or <c>view@v2:feature</c> for a version of the view.</summary>
internal sealed class FeastReferences(FeatureRegistryService registry)
{
    /// <summary>A selection for each view, in the order in which they are first named.</summary>
    /// <exception cref="FeastException">There is no such view, version or feature.</exception>
    public async Task<IReadOnlyList<FeatureSelection>> ResolveAsync(IReadOnlyList<string> references, CancellationToken cancel)
    {
        var features = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var order = new List<(string Given, string View)>();
        foreach (var reference in references)
        {
            if (reference.Split(':') is not [{ Length: > 0 } given, { Length: > 0 } feature])
            {
                throw SlipwayException.Invalid($"A feature is named as 'view:feature'; got '{reference}'.");
            }

            if (!features.TryGetValue(given, out var named))
            {
                features[given] = named = [];
                order.Add((given, await ViewAsync(given, cancel)));
            }

            if (!named.Contains(feature))
            {
                named.Add(feature);
            }
        }

        return [.. order.Select(view => new FeatureSelection(
            view.View, view.Given == view.View ? null : view.Given, new Dictionary<string, string>(), features[view.Given]) { Origin = "" })];
    }

    private async ValueTask<string> ViewAsync(string given, CancellationToken cancel)
    {
        if (await registry.FindViewAsync(given, cancel) is not null)
        {
            return given;
        }

        var at = given.LastIndexOf("@v", StringComparison.Ordinal);
        if (at <= 0 || !int.TryParse(given.AsSpan(at + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            || await registry.FindViewAsync(given[..at], cancel) is not { } found)
        {
            throw FeastException.MissingView(given);
        }

        return found.Version == version ? found.View.Name : throw new FeastException(
            StatusCodes.Status404NotFound, "FeatureViewNotFoundException",
            $"Version {version} of feature view '{found.View.Name}' is not served; in force is version {found.Version}.");
    }
}
