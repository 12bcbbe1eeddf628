using System.Globalization;
using Slipway.Platform.Foundation.Yaml;

namespace Slipway.Platform.Features.Definitions;

/// <summary>That a view, a feature of one, or a service goes away. It is served as before; who uses it is told.</summary>
/// <param name="On">The day from which nobody should use it any more.</param>
public sealed record Deprecation(DateOnly On, string? Reason)
{
    /// <summary>The member <c>deprecated</c> of a definition; null when there is none.</summary>
    internal static Deprecation? Of(YamlMap definition)
    {
        if (definition.OptionalMap("deprecated") is not { } map)
        {
            return null;
        }

        var on = DateOnly.TryParseExact(map.Text("on"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw map.Error("on", "'on' must be a day such as 2026-12-31");
        var deprecation = new Deprecation(on, map.OptionalText("reason"));
        map.End();
        return deprecation;
    }

    /// <summary>What a reader of the service should know: of the service itself, and of the views it is made of.</summary>
    internal static IReadOnlyList<string> Warnings(FeatureRepository repository, FeatureServiceDefinition service) =>
    [
        .. service.Notes.Deprecated is { } deprecated ? [deprecated.Of($"Feature service '{service.Name}'")] : Array.Empty<string>(),
        .. Warnings(repository, service.Features),
    ];

    /// <summary>The deprecated ones of the views and features that are taken, directly or not.</summary>
    internal static IReadOnlyList<string> Warnings(FeatureRepository repository, IReadOnlyList<FeatureSelection> taken) =>
        [.. taken.SelectMany(selection => Warnings(repository, selection)).Distinct()];

    /// <summary>Of a view and all its features.</summary>
    internal static IReadOnlyList<string> Warnings(FeatureViewDefinition view) => [.. Warnings(view, view.Features)];

    private static IEnumerable<string> Warnings(FeatureRepository repository, FeatureSelection selection)
    {
        var view = repository.View(selection.View);
        return view.From.SelectMany(from => Warnings(repository, from)).Concat(Warnings(view, repository.Selected(selection)));
    }

    private static IEnumerable<string> Warnings(FeatureViewDefinition view, IReadOnlyList<FeatureDefinition> features) =>
    [
        .. view.Notes.Deprecated is { } gone ? [gone.Of($"Feature view '{view.Name}'")] : Array.Empty<string>(),
        .. features.Where(feature => feature.Deprecated is not null).Select(feature => feature.Deprecated!.Of($"Feature '{view.Name}:{feature.Name}'")),
    ];

    private string Of(string what) => string.Create(
        CultureInfo.InvariantCulture, $"{what} is deprecated from {On:yyyy-MM-dd} on{(Reason is null ? "." : $": {Reason}")}");
}
