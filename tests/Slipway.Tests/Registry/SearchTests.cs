using Slipway.Core.Errors;
using Slipway.Platform.Registry;
using Slipway.TestKit;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public abstract class RegistrySearchContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private RegistryKit kit = null!;

    /// <summary>Three models: delay (1 in staging, 2 in development), price (1 with an alias), and a prompt.</summary>
    protected override async Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        await ModelAsync("delay", "ops", ("team", "ml"), ("Tier", "1"));
        await ModelAsync("Price", "shop", ("team", "web"));
        await ModelAsync("greet", "", ("mlflow.prompt.is_prompt", "true"));
        await VersionAsync("delay", ("auc", 0.7), ("loss", double.NaN));
        await VersionAsync("delay", ("auc", 0.8));
        await VersionAsync("Price", ("auc", double.PositiveInfinity));
        await kit.Registry.TransitionAsync(Carl, "delay", "1", Stage.Staging, Cancel);
        await kit.Registry.SetAliasAsync(Carl, "Price", "best", "1", Cancel);
        await kit.Registry.SetVersionTagsAsync(Carl, "delay", "2", new Dictionary<string, string> { ["my key"] = "x" }, Cancel);
    }

    private Task ModelAsync(string name, string owner, params (string Key, string Value)[] tags)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return kit.Registry.RegisterModelAsync(Carl, new NewModel(name, "", owner, tags.ToDictionary(t => t.Key, t => t.Value)), Cancel);
    }

    private Task VersionAsync(string model, params (string Key, double Value)[] metrics)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        return kit.CreateAsync(model, with: v => v with { Metrics = metrics.ToDictionary(m => m.Key, m => m.Value) });
    }

    private async Task<string> ModelsAsync(string? filter, params string[] orderBy) =>
        string.Join(" ", (await kit.Search.ModelsAsync(Carl, filter, orderBy, null, 100, Cancel)).Items.Select(m => m.Name));

    private async Task<string> VersionsAsync(string? filter, params string[] orderBy) =>
        string.Join(" ", (await kit.Search.VersionsAsync(Carl, filter, orderBy, null, 100, Cancel)).Items.Select(v => $"{v.Model}{v.Number}"));

    [Theory]
    [InlineData(null, "Price delay greet")]
    [InlineData("name = 'delay'", "delay")]
    [InlineData("name LIKE 'pri%'", "")]
    [InlineData("name ILIKE 'pri%'", "Price")]
    [InlineData("name != 'delay'", "Price greet")]
    [InlineData("tags.team = 'ml'", "delay")]
    [InlineData("tag.`team` != 'ml'", "Price")]
    [InlineData("tags.team LIKE '%e%' OR tags.Tier = '1'", "Price delay")]
    [InlineData("tags.Tier IS NULL", "Price greet")]
    [InlineData("tags.`mlflow.prompt.is_prompt` != 'true'", "Price delay")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'false' AND name = 'delay'", "delay")]
    [InlineData("tags.`mlflow.prompt.is_prompt` = 'true'", "greet")]
    [InlineData("owner = 'ops'", "delay")]
    [InlineData("project = 'default' and owner IN ('ops', 'shop')", "Price delay")]
    [InlineData("stage = 'staging'", "delay")]
    [InlineData("alias = 'best'", "Price")]
    [InlineData("metrics.auc > 0.75", "delay")]
    [InlineData("metrics.loss < 1", "")]
    public async Task Models_are_found_by(string? filter, string names) => Assert.Equal(names, await ModelsAsync(filter));

    [Theory]
    [InlineData(null, "delay1 delay2 Price1")]
    [InlineData("name='delay'", "delay1 delay2")]
    [InlineData("version_number >= 2", "delay2")]
    [InlineData("stage = 'staging'", "delay1")]
    [InlineData("metrics.auc >= 0.7 AND metrics.auc < 0.8", "delay1")]
    [InlineData("metrics.auc > 0", "delay1 delay2")]
    [InlineData("tags.`my key` = 'x'", "delay2")]
    [InlineData("alias = 'best'", "Price1")]
    [InlineData("owner = 'shop'", "Price1")]
    [InlineData("project = 'default' AND version = '1.1.0'", "delay2")]
    [InlineData("run_id IN ('a', 'b')", "")]
    public async Task Versions_are_found_by(string? filter, string versions)
    {
        // Staging moved delay 1 in the second in which Price 1 was made: by name then, and number.
        Assert.Equal(versions.Split(' ').Order(StringComparer.Ordinal), (await VersionsAsync(filter)).Split(' ').Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rows_come_in_the_order_that_is_asked_for()
    {
        Assert.Equal("Price1 delay1 delay2", await VersionsAsync(null)); // last changed first, then by name in byte order
        Assert.Equal("Price1 delay2 delay1", await VersionsAsync(null, "name ASC"));
        Assert.Equal("delay1 Price1 delay2", await VersionsAsync(null, "version_number", "name DESC"));
        Assert.Equal("greet delay Price", await ModelsAsync(null, "name DESC"));
        Assert.Equal("Price delay greet", await ModelsAsync(null, "timestamp DESC"));
        Assert.Equal("delay Price greet", await ModelsAsync(null, "creation_timestamp"));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("name DESC")]
    [InlineData("last_updated_timestamp DESC")]
    [InlineData("version_number")]
    [InlineData("creation_timestamp")]
    public async Task Pages_meet_every_version_once_while_others_are_added(string orderBy)
    {
        for (var i = 0; i < 20; i++)
        {
            await VersionAsync(i % 2 == 0 ? "delay" : "Price");
        }

        var all = (await VersionsAsync("name != 'other'", orderBy)).Split(' ');
        await ModelAsync("other", "");
        var (pages, token) = (new List<string>(), (string?)null);
        do
        {
            var page = await kit.Search.VersionsAsync(Carl, "name != 'other'", [orderBy], token, 3, Cancel);
            pages.AddRange(page.Items.Select(v => $"{v.Model}{v.Number}"));
            token = page.NextPageToken;
            await VersionAsync("other");
        }
        while (token is not null);
        Assert.Equal(23, all.Length);
        Assert.Equal(all, pages);
    }

    [Fact]
    public async Task A_page_token_belongs_to_its_query()
    {
        var page = await kit.Search.VersionsAsync(Carl, null, [], null, 1, Cancel);
        foreach (var (filter, order) in new[] { ("name = 'delay'", Array.Empty<string>()), (null, ["name"]) })
        {
            await FailsAsync(ErrorKind.Invalid, () => kit.Search.VersionsAsync(Carl, filter, order, page.NextPageToken, 1, Cancel));
        }

        await FailsAsync(ErrorKind.Invalid, () => kit.Search.ModelsAsync(Carl, null, [], page.NextPageToken, 1, Cancel));
    }

    [Theory]
    [InlineData("run_id = 'x'", "Invalid attribute key 'run_id' specified at character 1.")]
    [InlineData("name > 'x'", "Invalid comparator '>' for attribute 'name' at character 6.")]
    [InlineData("params.a = 'x'", "Invalid entity type 'params' at character 1.")]
    public async Task A_filter_that_is_wrong_says_where(string filter, string message) => Assert.StartsWith(
        message, await FailsAsync(ErrorKind.Invalid, () => kit.Search.ModelsAsync(Carl, filter, [], null, 1, Cancel)), StringComparison.Ordinal);

    [Theory]
    [InlineData("metrics.auc")]
    [InlineData("tags.team DESC")]
    [InlineData("alias")]
    public async Task What_a_row_may_lack_or_have_many_of_does_not_order(string orderBy) => Assert.StartsWith(
        "Invalid order_by key", await FailsAsync(ErrorKind.Invalid, () => kit.Search.ModelsAsync(Carl, null, [orderBy], null, 1, Cancel)), StringComparison.Ordinal);
}

public sealed class RegistrySearchOnSqlite() : RegistrySearchContract(null);

public sealed class RegistrySearchOnPostgres(PostgresServer postgres) : RegistrySearchContract(postgres);
