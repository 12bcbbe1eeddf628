using Slipway.Core.Errors;
using Slipway.Core.Windows;

namespace Slipway.Platform.Features.Definitions;

/// <summary>What a streaming view asks of a <see cref="WindowAggregator"/>.</summary>
public static class StreamingWindows
{
    public static WindowDefinition Of(FeatureRepository repository, FeatureViewDefinition view) => new(
        [.. repository.JoinKeys(view).Select(k => k.Name)], view.Source!.EventTimestamp, view.Hop ?? TimeSpan.Zero, view.Aggregations)
    {
        AllowedLateness = view.AllowedLateness ?? TimeSpan.Zero,
        MaxOutOfOrderness = view.MaxOutOfOrderness,
    };

    /// <summary>A fresh aggregator over the rows that the view's <see cref="SourceProjection"/> gives.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the view does not fit the columns.</exception>
    public static WindowAggregator Aggregator(
        FeatureRepository repository, FeatureViewDefinition view, SourceProjection projection) =>
        new(Of(repository, view), projection.Columns);
}
