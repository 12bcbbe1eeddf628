using Slipway.Platform.Features.Definitions;

namespace Slipway.Tests.Features;

public sealed class HowToTests
{
    [Theory]
    [InlineData("define-features.md", "load, reading")]
    [InlineData("use-sagemaker-clients.md", "driver_stats")]
    public void The_definitions_of_the_how_tos_are_valid(string file, string views)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Slipway.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var page = File.ReadAllText(Path.Combine(folder, "docs", "how-to", file));
        var yaml = page.Split("```yaml\n")[1].Split("```")[0];
        Assert.Equal(views, string.Join(", ", FeatureRepository.Parse((file, yaml)).Views.Select(view => view.Name)));
    }
}
