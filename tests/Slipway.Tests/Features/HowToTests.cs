using Slipway.Platform.Features.Definitions;

namespace Slipway.Tests.Features;

public sealed class HowToTests
{
    [Fact]
    public void The_definitions_of_the_how_to_are_valid()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Slipway.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var page = File.ReadAllText(Path.Combine(folder, "docs", "how-to", "define-features.md"));
        var yaml = page.Split("```yaml\n")[1].Split("```")[0];
        Assert.Equal(["load", "reading"], FeatureRepository.Parse(("define-features.md", yaml)).Views.Select(view => view.Name));
    }
}
