using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

/// <summary>Two teams whose runs read the same raw data; each has a model that is served, raised an alert and was retrained.</summary>
public abstract class LineageSightContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly LineageNode Raw = LineageNode.Dataset("raw", "d1");
    private static readonly Actor OfFlights = Granted("project/flights", Role.Viewer);

    private RegistryKit kit = null!;

    private LineageView View => kit.Get<LineageView>();

    protected override Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        return Task.CompletedTask;
    }

    private static Actor Granted(string scope, Role role) => new("gina", Role.None, new Dictionary<string, Role> { [scope] = role });

    /// <summary>Raw data, own data and features → run → version → endpoint → alert → pipeline run.</summary>
    private async Task<LineageNode[]> TeamAsync(string project, string model)
    {
        var experiment = await kit.Experiments.CreateAsync(Carl, new NewExperiment($"{project}-work") { Project = project }, Cancel);
        var run = await kit.Tracking.StartRunAsync(Carl, new RunStart(experiment.Id), Cancel);
        await kit.Registry.RegisterModelAsync(Carl, new NewModel(model) { Project = project }, Cancel);
        var version = await kit.CreateAsync(model, with: v => v with { RunId = run.Id, FeatureService = $"{model}_features" });
        LineageNode[] team =
        [
            Raw, LineageNode.Dataset($"{project}-data", "d2"), LineageNode.FeatureService($"{model}_features"), LineageNode.Run(run.Id),
            LineageNode.ModelVersion(model, version.Version), LineageNode.Endpoint($"{model}-live"), LineageNode.Alert($"{model}-alert"),
            LineageNode.PipelineRun($"{model}-retraining"),
        ];
        foreach (var (from, to) in new[] { (0, 3), (1, 3), (4, 5), (5, 6), (6, 7) })
        {
            await kit.Lineage.AddAsync(Carl, team[from], team[to], "used_by", Cancel);
        }

        return team;
    }

    private async Task<IEnumerable<LineageNode>> NodesAsync(Actor actor, LineageNode start, LineageDirection way = LineageDirection.Both) =>
        (await View.TraceAsync(actor, start, way, 20, Cancel)).Nodes;

    [Fact]
    public async Task A_reader_of_a_project_sees_its_way_and_nothing_of_another_project()
    {
        var flights = await TeamAsync("flights", "delay");
        var hotels = await TeamAsync("hotels", "price");

        foreach (var start in flights.Skip(1))
        {
            var seen = (await NodesAsync(OfFlights, start)).ToHashSet();
            Assert.Equal((await NodesAsync(Carl, start)).Except(hotels.Skip(1)).ToHashSet(), seen);
            Assert.True(seen.Count > 1);
        }

        Assert.Equal(flights.Except([flights[1], flights[2]]).ToHashSet(), (await NodesAsync(OfFlights, Raw)).ToHashSet());
        foreach (var start in hotels.Skip(1))
        {
            Assert.Equal([start], await NodesAsync(OfFlights, start));
        }
    }

    [Fact]
    public async Task A_reader_of_one_model_does_not_see_the_run_behind_it()
    {
        var flights = await TeamAsync("flights", "delay");
        var ofModel = Granted("model/delay", Role.Viewer);
        Assert.Equal(flights[4..].ToHashSet(), (await NodesAsync(ofModel, flights[4])).ToHashSet());
        Assert.Equal([flights[1]], await NodesAsync(ofModel, flights[1]));
    }

    [Fact]
    public async Task A_name_that_may_not_be_seen_is_as_unknown_as_one_that_nobody_has()
    {
        var flights = await TeamAsync("flights", "delay");
        var hotels = await TeamAsync("hotels", "price");

        async Task<LineageNode> StartAsync(string name) =>
            (await View.TraceAsync(OfFlights, name, LineageDirection.Both, 1, Cancel)).Start;

        Assert.Equal(flights[4], await StartAsync("delay"));
        Assert.Equal(flights[5], await StartAsync("delay-live"));
        Assert.Equal(Raw, await StartAsync("raw"));
        foreach (var name in new[] { "price", "price/1.0.0", "price-live", "hotels-data", "price_features", hotels[3].Id, "nobody" })
        {
            var message = await FailsAsync(ErrorKind.NotFound, () => StartAsync(name));
            Assert.StartsWith($"Nothing in the lineage is called '{name}'", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_card_tells_a_reader_of_the_model_alone_no_name_of_what_lies_beside_it()
    {
        await TeamAsync("flights", "delay");

        async Task<string> LineageAsync(Actor actor) =>
            (await kit.Cards.GetAsync(actor, "delay", "1.0.0", Cancel)).Sections.Single(s => s.Title == "Lineage").Markdown;

        Assert.Contains("flights-data", await LineageAsync(Carl), StringComparison.Ordinal);
        var told = await LineageAsync(Granted("model/delay", Role.Viewer));
        Assert.DoesNotContain("flights-data", told, StringComparison.Ordinal);
        Assert.Contains("delay-live", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_may_read_nothing_sees_nothing()
    {
        var flights = await TeamAsync("flights", "delay");
        Assert.Equal([flights[4]], await NodesAsync(new Actor("nobody", Role.None), flights[4]));
        Assert.Equal([Raw], await NodesAsync(Granted("project/hotels", Role.Viewer), Raw));
    }
}

public sealed class LineageSightOnSqlite() : LineageSightContract(null);

public sealed class LineageSightOnPostgres(PostgresServer postgres) : LineageSightContract(postgres);
