using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Tracking;

/// <summary>What runs have logged, loaded for a page of them at once.</summary>
internal static class RunDetails
{
    /// <summary>In the order of the ids, with the metrics that are sorted in and without the runs that do not exist.</summary>
    public static async Task<List<RunDetail>> LoadAsync(DbSession session, string[] ids, CancellationToken cancel)
    {
        if (ids.Length == 0)
        {
            return [];
        }

        var (runs, linked) = session.Engine == DbEngine.Sqlite
            ? await ProbedRuns.LoadAsync(session, ids, cancel)
            : await PackedRuns.LoadAsync(session, ids, cancel);
        if (!linked)
        {
            return runs;
        }

        var inputs = (await RunLinkStore.InputsAsync(session, ids, cancel)).ToLookup(i => i.Run, i => i.Input);
        var models = (await RunLinkStore.ModelInputsAsync(session, ids, cancel)).ToLookup(m => m.Run, m => m.Model);
        var outputs = (await RunLinkStore.ModelOutputsAsync(session, ids, cancel)).ToLookup(o => o.Run, o => o.Output);
        return
        [
            .. runs.Select(run => run with
            {
                Inputs = [.. inputs[run.Run.Id]], ModelInputs = [.. models[run.Run.Id]], ModelOutputs = [.. outputs[run.Run.Id]],
            }),
        ];
    }
}
