using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Doctor;
using Slipway.Hosting;

namespace Slipway.Tests.Docs;

public sealed class ReferenceTests
{
    [Fact]
    public void The_configuration_page_has_a_row_for_each_setting_and_for_nothing_else()
    {
        var rows = ReadDocs("reference/configuration.md").Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..3]);

        Assert.Equal(Settings.All.Select(setting => new[] { $"`{setting.Key}`", $"`{setting.Variable}`" }), rows);
    }

    [Fact]
    public void The_command_line_page_has_the_status_of_each_kind_of_error()
    {
        var page = ReadDocs("reference/cli.md");
        Assert.All(Enum.GetValues<ErrorKind>(), kind => Assert.Contains(
            $"| `{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString())}` | {Problem.StatusOf(kind)} |",
            page,
            StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_on_doctor_shows_each_check()
    {
        var page = ReadDocs("how-to/check-an-installation.md");
        Assert.All(Check.All, check => Assert.Contains($"  {check.Name} ", page, StringComparison.Ordinal));
    }

    private static string ReadDocs(string page)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Slipway.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return File.ReadAllText(Path.Combine(folder.FullName, "docs", page));
    }
}
