using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Platform.Serving.Predictions;

/// <summary>
/// Who may say what came of a prediction: whoever may ask its model for predictions, once, for it is the client that asked who
/// learns the outcome. Restating one rewrites what decisions were made on, so it takes a contributor on the model.
/// </summary>
internal sealed class FeedbackAccess(AccessService access, EndpointStore endpoints, ModelSource source)
{
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/>, or NotFound for predictions that are not in the log yet
    /// or that the actor may not know of.</exception>
    public async Task RequireAsync(DbSession session, Actor actor, Outcome[] outcomes, bool replace, CancellationToken cancel)
    {
        if (actor.May(Role.Contributor) || (!replace && actor.MayPredict(project: null, model: null)))
        {
            return;
        }

        if (!actor.PredictsSomewhere && !(actor.Grants?.Values.Any(role => role >= Role.Contributor) ?? false))
        {
            access.Require(actor, Role.Contributor, "the outcomes of predictions");
        }

        var answers = await OutcomeStore.AnswersAsync(session, outcomes, cancel);
        var known = answers.Count == 0 ? [] : await OpenAsync(session, actor, answers.Values.ToHashSet(), replace, cancel);
        if (outcomes.FirstOrDefault(o => !answers.TryGetValue(o.PredictionId, out var answer) || !known.Contains(answer)) is { } unknown)
        {
            throw SlipwayException.NotFound(
                $"The log has no prediction '{unknown.PredictionId}' of a model that '{actor.Name}' may ask; nothing was recorded. "
                + "A prediction that was just made is there within a second.");
        }
    }

    /// <returns>Those of the revisions whose predictions the actor may know of.</returns>
    private async Task<HashSet<(string Endpoint, long Revision)>> OpenAsync(
        DbSession session, Actor actor, IReadOnlySet<(string Endpoint, long Revision)> revisions, bool replace, CancellationToken cancel)
    {
        var open = new HashSet<(string, long)>();
        foreach (var (endpoint, revision) in revisions)
        {
            // A model that was given as a file is called like its endpoint.
            var model = (await endpoints.RevisionAsync(session, endpoint, revision, cancel))?.Model ?? endpoint;
            var project = await source.ProjectAsync(session, model, cancel);
            var writes = actor.May(Role.Contributor, project, model);
            if (writes || actor.MayPredict(project, model))
            {
                open.Add((endpoint, revision));
            }

            if (replace && !writes && open.Contains((endpoint, revision)))
            {
                access.RequireIn(project ?? "", model, actor, Role.Contributor, $"the outcomes of endpoint '{endpoint}'");
            }
        }

        return open;
    }
}
