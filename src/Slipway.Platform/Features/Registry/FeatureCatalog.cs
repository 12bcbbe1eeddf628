using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Offline;
using Slipway.Platform.Features.Online;
using Slipway.Platform.Features.Windowed;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Features.Registry;

/// <summary>
/// Definitions, compiled: the latest versions of all, which go by their names, and the versions that somebody pins; every one goes by
/// <c>name@version</c>. Never changes; a new one takes its place.
/// </summary>
internal sealed class FeatureCatalog
{
    private readonly Dictionary<string, ServicePlan> services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WindowedView> windowed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BatchView> batch = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<KeyPart>> keyParts = new(StringComparer.Ordinal);
    private readonly List<SourcedView> sourced = [];

    private FeatureCatalog()
    {
    }

    public IReadOnlyList<WindowedView> Windowed => [.. windowed.Values.Distinct()];

    /// <summary>The latest versions of the views whose values are stored.</summary>
    public IReadOnlyList<StoredView> Stored => [.. sourced.Where(view => IsLatest(view.Stored)).Select(view => view.Stored)];

    /// <summary>The views whose values are stored: first the latest versions, then those that are pinned beside them.</summary>
    public IReadOnlyList<SourcedView> Sourced => sourced;

    /// <inheritdoc cref="FeatureRegistryService.InUseAsync"/>
    public IReadOnlyList<SourcedView> InUse(string view)
    {
        var all = Sourced;
        SourcedView[] found = [.. all.Where(stored => stored.Stored.Name == view || stored.Stored.Key == view)];
        return found.Length > 0
            ? found
            : throw SlipwayException.NotFound($"There is no stored feature view '{view}'; there are {Names(all.Select(stored => stored.Stored.Name).Distinct())}.");
    }

    /// <summary>Whether the plan is what the service's name stands for.</summary>
    public bool IsLatest(ServicePlan plan) => services.GetValueOrDefault(plan.Name) == plan;

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the definitions do not fit together.</exception>
    public static FeatureCatalog Compile(IReadOnlyList<StoredDefinition> definitions)
    {
        var versions = definitions.ToDictionary(d => (d.Kind, d.Name), d => d.Version);
        return Compile(Repository(definitions), (kind, name) => versions[(kind, name)]);
    }

    public static FeatureRepository Repository(IReadOnlyList<StoredDefinition> definitions) => new(
        Read<EntityDefinition>(definitions, DefinitionKind.Entity), [], Read<FeatureViewDefinition>(definitions, DefinitionKind.View),
        Read<FeatureServiceDefinition>(definitions, DefinitionKind.Service));

    /// <param name="version">That under which a view or service goes.</param>
    /// <inheritdoc cref="Compile(IReadOnlyList{StoredDefinition})"/>
    public static FeatureCatalog Compile(FeatureRepository repository, Func<DefinitionKind, string, int> version)
    {
        var problems = repository.Check(source => source.Columns.Count > 0 ? source.Columns : null);
        if (problems.Count > 0)
        {
            throw SlipwayException.Invalid(string.Join('\n', problems.Select(problem => problem.TrimStart(':', ' '))));
        }

        var catalog = new FeatureCatalog();
        var stored = new Dictionary<string, StoredView>(StringComparer.Ordinal);
        foreach (var view in repository.Views.Where(v => v.Kind is ViewKind.Batch or ViewKind.Streaming))
        {
            var shape = stored[view.Name] = new StoredView(
                view.Name, version(DefinitionKind.View, view.Name), repository.JoinKeys(view),
                [.. view.Features.Select(f => f.Column)],
                TellsCreated(view) ? BatchQuery.CreatedTimestamp : null, view.Ttl);
            catalog.keyParts[view.Name] = catalog.keyParts[shape.Key] = Parts(repository, view);
            if (view.Kind == ViewKind.Streaming || view.Source!.Source.Push)
            {
                catalog.windowed[view.Name] = catalog.windowed[shape.Key] = WindowedView.Of(repository, view, shape);
            }
            else
            {
                catalog.batch[view.Name] = catalog.batch[shape.Key] = new BatchView(shape, repository, view);
            }

            var types = new SourceUses(repository, [.. repository.Views.Where(v => ReadsSame(v, view))], view.Source!.Source).Types();
            catalog.sourced.Add(new SourcedView(shape, view.Source.Source, types, catalog.windowed.GetValueOrDefault(view.Name)));
        }

        foreach (var service in repository.Services)
        {
            var plan = ServicePlanner.Plan(repository, stored, service, version(DefinitionKind.Service, service.Name));
            catalog.services[service.Name] = catalog.services[plan.Key] = plan;
        }

        catalog.Selections = new SelectionPlans(repository, stored, view => version(DefinitionKind.View, view));
        return catalog;
    }

    /// <summary>Features that callers name one by one.</summary>
    public SelectionPlans Selections { get; private set; } = null!;

    /// <summary>This catalogue with versions that are not the latest, which go by <c>name@version</c> alone.</summary>
    public FeatureCatalog With(IEnumerable<FeatureCatalog> pinned)
    {
        var all = new FeatureCatalog { Selections = Selections };
        foreach (var catalog in pinned.Prepend(this))
        {
            Add(catalog, catalog.services, all.services);
            Add(catalog, catalog.windowed, all.windowed);
            Add(catalog, catalog.batch, all.batch);
            Add(catalog, catalog.keyParts, all.keyParts);
            all.sourced.AddRange(catalog.sourced.ExceptBy(all.sourced.ConvertAll(view => view.Stored.Key), view => view.Stored.Key));
        }

        return all;

        void Add<T>(FeatureCatalog catalog, Dictionary<string, T> from, Dictionary<string, T> to)
        {
            foreach (var (key, value) in from.Where(entry => catalog == this || entry.Key.Contains('@', StringComparison.Ordinal)))
            {
                to.TryAdd(key, value);
            }
        }
    }

    public bool HasService(string reference) => services.ContainsKey(reference);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the services there are.</exception>
    public ServicePlan Service(string name) => services.GetValueOrDefault(name)
        ?? throw SlipwayException.NotFound($"There is no feature service '{name}'; there are {Names(services.Keys)}.");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/> naming the views there are.</exception>
    public WindowedView Streaming(string name) => windowed.GetValueOrDefault(name)
        ?? throw SlipwayException.NotFound($"There is no streaming feature view '{name}'; there are {Names(windowed.Keys)}.");

    /// <inheritdoc cref="Streaming"/>
    public BatchView Batch(string name) => batch.GetValueOrDefault(name)
        ?? throw SlipwayException.NotFound($"There is no batch feature view '{name}'; there are {Names(batch.Keys)}.");

    public bool IsStreaming(string name) => windowed.ContainsKey(name);

    /// <summary>Which values of a stored view's key name which entity; none for a view that is not stored.</summary>
    /// <param name="view">A name or <c>name@version</c>; for a version that nobody uses any more the latest speaks.</param>
    public IReadOnlyList<KeyPart> KeyParts(string view) =>
        keyParts.GetValueOrDefault(view) ?? keyParts.GetValueOrDefault(view.Split('@')[0]) ?? [];

    private bool IsLatest(StoredView view) =>
        windowed.GetValueOrDefault(view.Name)?.Stored == view || batch.GetValueOrDefault(view.Name)?.Stored == view;

    private static List<KeyPart> Parts(FeatureRepository repository, FeatureViewDefinition view)
    {
        var (parts, first) = (new List<KeyPart>(), 0);
        foreach (var entity in view.Entities)
        {
            var count = repository.Entities.First(e => e.Name == entity).JoinKeys.Count;
            parts.Add(new KeyPart(entity, first, count));
            first += count;
        }

        return parts;
    }

    private static bool ReadsSame(FeatureViewDefinition view, FeatureViewDefinition other) =>
        view.Name == other.Name || (view.Source?.Source.Name is { } name && name == other.Source!.Source.Name);

    /// <summary>Windows say when a row was known where late events correct it; pushed rows always do.</summary>
    private static bool TellsCreated(FeatureViewDefinition view) => view.Kind == ViewKind.Streaming
        ? view.Late == LatePolicy.Update
        : view.Source!.CreatedTimestamp is not null || view.Source.Source.Push;

    private static List<T> Read<T>(IReadOnlyList<StoredDefinition> definitions, DefinitionKind kind) =>
        [.. definitions.Where(d => d.Kind == kind).Select(d => Json.Read<T>(d.Definition))];

    private static string Names(IEnumerable<string> names) =>
        names.Where(name => !name.Contains('@', StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } some ? string.Join(", ", some) : "none";
}

/// <summary>The values of a view's key that name one entity.</summary>
/// <param name="First">The place of the first of them.</param>
internal sealed record KeyPart(string Entity, int First, int Count);
