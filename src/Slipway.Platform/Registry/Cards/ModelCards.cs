using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Tracking;

namespace Slipway.Platform.Registry.Cards;

/// <summary>
/// Model cards: generated from what is known, except for the sections that somebody wrote. Those stay as they were written, the
/// others follow what becomes known.
/// </summary>
public sealed class ModelCards(
    Db db, RegistryService registry, TrackingService tracking, LineageView lineage, AuditLog audit, TimeProvider time)
{
    private const int LineageSteps = 2;

    public async Task<ModelCard> GetAsync(Actor actor, string model, string reference, CancellationToken cancel)
    {
        var version = await registry.GetVersionAsync(actor, model, reference, cancel);
        var generated = await GenerateAsync(actor, version, cancel);
        var written = await db.ReadAsync(session => VersionStore.CardAsync(session, model, version.Number, cancel), cancel);
        var edits = CardText.Split(written ?? "").ToDictionary(s => s.Title, s => s.Markdown, StringComparer.Ordinal);
        var sections = generated
            .Select(s => edits.Remove(s.Title, out var edit) ? new CardSection(s.Title, edit, true) : new CardSection(s.Title, s.Markdown, false))
            .ToList();
        sections.AddRange(edits.Select(edit => new CardSection(edit.Key, edit.Value, true)));
        return new ModelCard(CardText.Join(sections.Select(s => (s.Title, s.Markdown))), sections.Any(s => s.Edited), sections);
    }

    /// <summary>Takes a whole card: sections that say what would be generated stay generated, as do those that are left out.</summary>
    public async Task PutAsync(Actor actor, string model, string reference, string markdown, CancellationToken cancel)
    {
        Limit.Name("A model card", markdown, RegistryNames.Card);
        var version = await registry.RequireVersionAsync(actor, model, reference, Role.Contributor, cancel);
        var generated = (await GenerateAsync(actor, version, cancel)).ToHashSet();
        await WriteAsync(actor, version, _ => CardText.Split(markdown).Where(section => !generated.Contains(section)), cancel);
    }

    /// <summary>Takes one section, or with null or empty text lets it be generated again.</summary>
    /// <param name="title">As in the heading; empty for what stands before the first.</param>
    public async Task PutSectionAsync(
        Actor actor, string model, string reference, string title, string? markdown, CancellationToken cancel)
    {
        Limit.Text("A section's title", title, RegistryNames.ModelName);
        Limit.Text("A section of a model card", markdown, RegistryNames.Card);
        if (title.AsSpan().ContainsAny('\r', '\n'))
        {
            throw SlipwayException.Invalid("A section's title is one line.");
        }

        var version = await registry.RequireVersionAsync(actor, model, reference, Role.Contributor, cancel);
        await WriteAsync(
            actor,
            version,
            sections => sections.Where(s => s.Title != title.Trim()).Concat(string.IsNullOrEmpty(markdown) ? [] : [(title.Trim(), markdown)]),
            cancel);
    }

    private Task WriteAsync(
        Actor actor, ModelVersion version, Func<IReadOnlyList<(string Title, string Markdown)>, IEnumerable<(string Title, string Markdown)>> change,
        CancellationToken cancel) => db.WriteAsync(
        async session =>
        {
            await registry.LockAsync(session, version.Model, cancel);
            var before = await VersionStore.CardAsync(session, version.Model, version.Number, cancel);
            var sections = change(CardText.Split(before ?? "")).ToList();
            var card = sections.Count == 0 ? null : CardText.Join(sections);
            Limit.Text("A model card", card, RegistryNames.Card);
            await VersionStore.PutCardAsync(session, version.Model, version.Number, card, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel);
            await audit.AppendAsync(session, actor, "model_version.card", version.Ref, new { markdown = card }, cancel);
        },
        cancel);

    private async Task<IReadOnlyList<(string Title, string Markdown)>> GenerateAsync(Actor actor, ModelVersion version, CancellationToken cancel)
    {
        var run = await db.ReadAsync(session => FindRunAsync(session, version, cancel), cancel);
        var graph = await lineage.TraceAsync(
            actor, LineageNode.ModelVersion(version.Model, version.Version), LineageDirection.Both, LineageSteps, cancel);
        return GeneratedCard.Write(await registry.GetModelAsync(version.Model, cancel), version, run, graph);
    }

    private async Task<RunDetail?> FindRunAsync(DbSession session, ModelVersion version, CancellationToken cancel)
    {
        try
        {
            return string.IsNullOrEmpty(version.RunId) ? null : await tracking.GetRunAsync(session, version.RunId, cancel);
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }
}
