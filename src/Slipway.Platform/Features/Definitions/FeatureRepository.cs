using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Registry;

namespace Slipway.Platform.Features.Definitions;

/// <summary>All definitions of a folder of YAML files, checked against one another.</summary>
public sealed class FeatureRepository
{
    internal FeatureRepository(
        IReadOnlyList<EntityDefinition> entities, IReadOnlyList<SourceDefinition> sources,
        IReadOnlyList<FeatureViewDefinition> views, IReadOnlyList<FeatureServiceDefinition> services)
    {
        Entities = entities;
        Sources = sources;
        Views = views;
        Services = services;
    }

    /// <summary>What paths of sources are relative to.</summary>
    public string Folder { get; private set; } = Path.GetFullPath(".");

    public IReadOnlyList<EntityDefinition> Entities { get; }

    /// <summary>The sources with a name; one written inside a view is found there.</summary>
    public IReadOnlyList<SourceDefinition> Sources { get; }

    public IReadOnlyList<FeatureViewDefinition> Views { get; }

    public IReadOnlyList<FeatureServiceDefinition> Services { get; }

    /// <summary>Reads every *.yaml and *.yml file in a folder and below it, or one file.</summary>
    /// <exception cref="SlipwayException">
    /// <see cref="ErrorKind.NotFound"/> when there is no such folder or file; <see cref="ErrorKind.Invalid"/> with every problem, one a
    /// line, each with its file, line and column.
    /// </exception>
    public static FeatureRepository Load(string path)
    {
        var files = File.Exists(path) ? [path] : Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(f => Path.GetExtension(f) is ".yaml" or ".yml").Order(StringComparer.Ordinal).ToArray()
            : throw SlipwayException.NotFound($"There is no feature repository at '{path}'.");
        var repository = Parse(
            [.. files.Select(f => (Name: File.Exists(path) ? f : Path.GetRelativePath(path, f), Text: File.ReadAllText(f)))]);
        repository.Folder = Path.GetFullPath(File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path);
        return repository;
    }

    /// <param name="files">Names, for errors, and contents.</param>
    /// <inheritdoc cref="Load"/>
    public static FeatureRepository Parse(params IReadOnlyList<(string Name, string Text)> files)
    {
        var repository = RepositoryReader.Read(files);
        var problems = RepositoryCheck.Problems(repository, source => source.Columns.Count > 0 ? source.Columns : null);
        return problems.Count == 0 ? repository : throw SlipwayException.Invalid(string.Join('\n', problems));
    }

    /// <summary>What is wrong, now that the columns of sources are known that do not declare them.</summary>
    /// <param name="columnsOf">The columns of a source's file; null where they cannot be known.</param>
    public IReadOnlyList<string> Check(Func<SourceDefinition, IReadOnlyList<ColumnSchema>?> columnsOf) =>
        RepositoryCheck.Problems(this, columnsOf);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/>.</exception>
    public FeatureViewDefinition View(string name) => Views.FirstOrDefault(v => v.Name == name)
        ?? throw SlipwayException.NotFound($"There is no feature view '{name}'; there are {Names(Views.Select(v => v.Name))}.");

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/>.</exception>
    public FeatureServiceDefinition Service(string name) => Services.FirstOrDefault(s => s.Name == name)
        ?? throw SlipwayException.NotFound(
            $"There is no feature service '{name}'; there are {Names(Services.Select(s => s.Name))}.");

    /// <summary>Where the file of a source is; null for a topic.</summary>
    public string? PathOf(SourceDefinition source) => source.Path is null ? null : Path.GetFullPath(source.Path, Folder);

    /// <summary>The join keys of a view, entity by entity.</summary>
    public IReadOnlyList<ColumnSchema> JoinKeys(FeatureViewDefinition view) =>
        [.. view.Entities.SelectMany(name => Entities.First(e => e.Name == name).JoinKeys)];

    /// <summary>The columns of a batch view's rows: join keys, times and features.</summary>
    internal IReadOnlyList<ColumnSchema> RowColumns(FeatureViewDefinition view) =>
    [
        .. JoinKeys(view),
        new ColumnSchema(BatchQuery.EventTimestamp, DataType.Timestamp),
        .. view.Source?.CreatedTimestamp is null ? Array.Empty<ColumnSchema>() : [new ColumnSchema(BatchQuery.CreatedTimestamp, DataType.Timestamp)],
        .. view.Features.Select(f => f.Column),
    ];

    /// <summary>The features a selection names, or all of its view.</summary>
    public IReadOnlyList<FeatureDefinition> Selected(FeatureSelection selection)
    {
        var features = View(selection.View).Features;
        return selection.Features.Count == 0 ? features : [.. selection.Features.Select(name => features.First(f => f.Name == name))];
    }

    /// <summary>The columns that formulas of an on-demand or derived view read: its inputs, and <c>name__feature</c> of what it takes.</summary>
    public IReadOnlyList<ColumnSchema> FormulaColumns(FeatureViewDefinition view) =>
    [
        .. view.Inputs,
        .. view.From.SelectMany(s => Selected(s).Select(f => f.Column with { Name = $"{s.Name}__{f.Name}" })),
    ];

    /// <summary>The views that a view takes features from, directly or not, each after those it needs.</summary>
    public IReadOnlyList<FeatureViewDefinition> Upstream(FeatureViewDefinition view)
    {
        var ordered = new List<FeatureViewDefinition>();
        foreach (var needed in view.From.Select(s => View(s.View)))
        {
            ordered.AddRange(Upstream(needed).Append(needed).Where(v => !ordered.Contains(v)));
        }

        return ordered;
    }

    /// <summary>The views and entities that a service is made of, directly or not, as <c>view/sales@2</c> and <c>entity/shop@1</c>.</summary>
    /// <param name="version">The version of a definition.</param>
    internal IReadOnlyList<string> Uses(FeatureServiceDefinition service, Func<DefinitionKind, string, int> version)
    {
        var views = service.Features.Select(s => View(s.View)).SelectMany(view => Upstream(view).Append(view)).DistinctBy(view => view.Name).ToList();
        return
        [
            .. views.SelectMany(view => view.Entities).Distinct().Select(name => Use(DefinitionKind.Entity, name)),
            .. views.Select(view => Use(DefinitionKind.View, view.Name)),
        ];

        string Use(DefinitionKind kind, string name) => $"{Foundation.EnumName.Of(kind)}/{name}@{version(kind, name)}";
    }

    /// <summary>These definitions, and of the others those whose names are not among them.</summary>
    internal FeatureRepository Over(FeatureRepository others) => new(
        [.. Entities, .. others.Entities.ExceptBy(Entities.Select(e => e.Name), e => e.Name)], Sources,
        [.. Views, .. others.Views.ExceptBy(Views.Select(v => v.Name), v => v.Name)],
        [.. Services, .. others.Services.ExceptBy(Services.Select(s => s.Name), s => s.Name)]);

    private static string Names(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } some ? some : "none";
}
