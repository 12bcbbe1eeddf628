using Slipway.Platform.Tracking;

namespace Slipway.Tests.Tracking;

public sealed class RunEnvironmentTests
{
    [Theory]
    [InlineData("0.1.0+0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567")]
    [InlineData("0.1.0", null)]
    [InlineData("0.1.0+local", null)]
    [InlineData(null, null)]
    public void The_commit_is_what_the_build_appended_to_the_version(string? version, string? commit) =>
        Assert.Equal(commit, RunEnvironment.CommitOf(version));

    [Theory]
    [InlineData("serve --database Host=db;Username=u;Password=s3cret;Port=1", "serve --database Host=db;Username=u;Password=***;Port=1")]
    [InlineData("serve --database \"Host=db;pwd=s3cret\"", "serve --database \"Host=db;pwd=***\"")]
    [InlineData("train --api-key s3cret --seed 1", "train --api-key *** --seed 1")]
    [InlineData("train --token='s3 cret' x", "train --token=*** x")]
    [InlineData("demo flights --exit", "demo flights --exit")]
    public void A_command_line_is_kept_without_its_secrets(string given, string kept) =>
        Assert.Equal(kept, RunEnvironment.WithoutSecrets(given));

    [Fact]
    public void The_environment_of_this_process_is_known()
    {
        var environment = RunEnvironment.Capture(seed: 7);
        Assert.StartsWith(".NET 10", environment.Runtime, StringComparison.Ordinal);
        Assert.NotEmpty(environment.Os!);
        Assert.NotEmpty(environment.CommandLine!);
        Assert.Equal(7, environment.Seed);
    }
}
