using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.Configuration;
using Slipway.Doctor;
using Slipway.Platform.Foundation;

namespace Slipway.Commands;

/// <summary><c>slipway doctor</c>: looks at everything the server with these settings would need, and says what to do.</summary>
internal static class DoctorCommand
{
    /// <summary>A check without advice says so: whoever reads the array need not ask which keys there are.</summary>
    private static readonly JsonSerializerOptions Options = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static Command Create()
    {
        var command = new Command("doctor", "Check this machine and these settings; fails when the server would not run.");
        var settings = SettingFlags.AddTo(command);
        var json = new Option<bool>("--json") { Description = "Print a JSON array of the findings" };
        command.Options.Add(json);
        command.SetAction((parse, cancel) => RunAsync(settings.Load(parse), parse.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(SlipwayOptions options, bool asJson, CancellationToken cancel)
    {
        var findings = new List<(string Check, Finding Finding)>();
        foreach (var check in Check.All)
        {
            var finding = await ExamineAsync(check, options, cancel);
            findings.Add((check.Name, finding));
            if (!asJson)
            {
                Console.Out.WriteLine(AsLine(check.Name, finding));
            }
        }

        if (asJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(
                findings.Select(found => new { found.Check, found.Finding.Verdict, found.Finding.Found, found.Finding.Advice }),
                Options));
        }

        return findings.Any(found => found.Finding.Verdict == Verdict.Fail) ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<Finding> ExamineAsync(Check check, SlipwayOptions options, CancellationToken cancel)
    {
        try
        {
            return await check.RunAsync(options, cancel);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return Finding.Fail(
                $"the check itself failed: {error.Message.ReplaceLineEndings(" ")}", "report this with the output of 'slipway version'");
        }
    }

    private static string AsLine(string check, Finding finding) =>
        $"{finding.Verdict.ToString().ToLowerInvariant(),-4}  {check,-12}  {finding.Found}"
        + (finding.Advice is null ? "" : $"; {finding.Advice}");
}
