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

    [Fact]
    public void What_a_client_sends_is_kept_without_its_secrets()
    {
        var kept = new RunEnvironment(null, null, null, "train --api-key s3cret", null) { GitRepository = "https://me:s3cret@forge.example/x" }.WithoutSecrets();
        Assert.Equal(("train --api-key ***", "https://me:***@forge.example/x"), (kept.CommandLine, kept.GitRepository));
    }

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
