using Microsoft.Extensions.Logging;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Tests.Configuration;

public sealed class OptionsLoaderTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public void Flags_beat_variables_which_beat_the_file_which_beats_the_defaults()
    {
        var yaml = folder.WriteText("s.yaml", "log-level: error\nlog-format: json\nshutdown-timeout: 1m\n");
        var environment = new Dictionary<string, string> { ["SLIPWAY_LOG_LEVEL"] = "debug", ["SLIPWAY_LOG_FORMAT"] = "text" };

        var options = OptionsLoader.Load([Flag("log-level", "trace")], yaml, environment);

        Assert.Equal(LogLevel.Trace, options.LogLevel);
        Assert.Equal(LogFormat.Text, options.LogFormat);
        Assert.Equal(TimeSpan.FromMinutes(1), options.ShutdownTimeout);
        Assert.Equal(32 * 1024 * 1024, options.MaxBodySize);
    }

    [Fact]
    public void A_value_that_is_overruled_must_be_legal_too()
    {
        var yaml = folder.WriteText("s.yaml", "log-level: loud\n");

        var error = Assert.Throws<SlipwayException>(() => OptionsLoader.Load([Flag("log-level", "trace")], yaml, NoEnvironment));

        Assert.StartsWith("s.yaml:1 (log-level): 'loud' is not legal", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_are_replaced_and_not_appended_to()
    {
        var yaml = folder.WriteText("s.yaml", "urls:\n  - http://127.0.0.1:1\n  - http://127.0.0.1:2\n");

        var fromFile = OptionsLoader.Load([], yaml, NoEnvironment);
        Assert.Equal([new("127.0.0.1", 1), new("127.0.0.1", 2)], fromFile.Urls);

        var overruled = OptionsLoader.Load([Flag("urls", "http://127.0.0.1:3")], yaml, NoEnvironment);
        Assert.Equal([new("127.0.0.1", 3)], overruled.Urls);
    }

    [Fact]
    public void A_variable_holds_several_values_with_semicolons_between()
    {
        var environment = new Dictionary<string, string> { ["SLIPWAY_URLS"] = "http://127.0.0.1:1; http://[::1]:2" };

        Assert.Equal([new("127.0.0.1", 1), new("::1", 2)], OptionsLoader.Load([], EmptyFile, environment).Urls);
    }

    [Fact]
    public void The_file_may_be_named_by_a_variable()
    {
        var yaml = folder.WriteText("elsewhere.yaml", "allow-anonymous: true\n");

        var options = OptionsLoader.Load([], null, new Dictionary<string, string> { ["SLIPWAY_CONFIG"] = yaml });

        Assert.True(options.AllowAnonymous);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    public void An_empty_file_changes_nothing(string yaml) => Assert.Equivalent(
        new SlipwayOptions(), OptionsLoader.Load([], folder.WriteText("s.yaml", yaml), NoEnvironment));

    [Theory]
    [InlineData("SLIPWAY_PORT")]
    [InlineData("SLIPWAY_SERVICE_HOST")]
    [InlineData("SLIPWAY_SERVICE_PORT_HTTP")]
    [InlineData("SLIPWAY_DB_PORT_5432_TCP_ADDR")]
    public void Variables_that_Kubernetes_adds_for_services_are_not_mistakes_there(string name)
    {
        var pod = new Dictionary<string, string> { [name] = "x", ["KUBERNETES_SERVICE_HOST"] = "10.0.0.1" };
        Assert.Equivalent(new SlipwayOptions(), OptionsLoader.Load([], EmptyFile, pod));

        var elsewhere = new Dictionary<string, string> { [name] = "x" };
        Assert.Throws<SlipwayException>(() => OptionsLoader.Load([], EmptyFile, elsewhere));
    }

    [Fact]
    public void Every_setting_has_a_default_in_its_help_or_may_be_left_out()
    {
        Assert.All(Settings.All, setting => Assert.True(
            setting.Meaning.Contains("Default: ", StringComparison.Ordinal) || setting.TakesMany, setting.Key));
        Assert.Equal(Settings.All.Count, Settings.All.Select(setting => setting.Variable).Distinct().Count());
    }

    public void Dispose() => folder.Dispose();

    private static IReadOnlyDictionary<string, string> NoEnvironment => new Dictionary<string, string>();

    private string EmptyFile => folder.WriteText("empty.yaml", "");

    private static GivenSetting Flag(string key, string value) => new(Settings.Find(key)!, [value], $"flag --{key}");
}
