using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Offline;

/// <summary>The files of sources beside the definitions that read them, where a server has neither.</summary>
public static class LocalSources
{
    /// <summary>Opens each file that is here: a column that a definition needs and a file lacks is found before anything is sent.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with every problem, each with the file, line and column of the definition.</exception>
    public static async Task CheckAsync(FeatureRepository repository, AnalyticsEngine analytics, CancellationToken cancel)
    {
        var problems = new List<string>();
        foreach (var view in repository.Views.Where(view => IsHere(repository, view)))
        {
            var alone = new FeatureServiceDefinition(
                "plan", [new FeatureSelection(view.Name, null, new Dictionary<string, string>(), []) { Origin = view.Notes.Origin }], FullNames: true)
            {
                Notes = new Notes(""),
            };
            using var scratch = new ScratchFolder(Directory.CreateTempSubdirectory("slipway-plan-").FullName);
            try
            {
                await analytics.RunAsync(session => ViewSources.Open(session, repository, alone, scratch, cancel), cancel);
            }
            catch (SlipwayException wrong) when (wrong.Kind is ErrorKind.Invalid or ErrorKind.NotFound)
            {
                problems.AddRange(wrong.Message.Split('\n').Except(problems));
            }
        }

        if (problems.Count > 0)
        {
            throw SlipwayException.Invalid(string.Join('\n', problems));
        }
    }

    private static bool IsHere(FeatureRepository repository, FeatureViewDefinition view) =>
        view.Source is { } source && repository.PathOf(source.Source) is { } path && Path.Exists(path);
}
