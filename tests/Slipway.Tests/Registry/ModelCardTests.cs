using Slipway.Core.Errors;
using Slipway.Platform.Registry;
using Slipway.Platform.Tracking;
using static Slipway.Tests.Registry.RegistryKit;

namespace Slipway.Tests.Registry;

public sealed class ModelCardTests() : OnBothEngines(null)
{
    private RegistryKit kit = null!;

    protected override Task PrepareAsync()
    {
        kit = new RegistryKit(Db, Folder.Combine("blobs"), Time);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_card_tells_what_is_known()
    {
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay", "Predict at departure | late arrivals.", "ops <team>"), Cancel);
        var experiment = await kit.Experiments.CreateAsync(Carl, new NewExperiment("flights"), Cancel);
        var run = await kit.Tracking.StartRunAsync(Carl, new RunStart(experiment.Id), Cancel);
        await kit.Tracking.LogInputAsync(Carl, run.Id, new DatasetInput("flights", "abc", "flights.parquet", 1000, "training"), Cancel);
        var version = await kit.CreateAsync("delay", "onnx", v => v with
        {
            RunId = run.Id,
            FeatureService = "delay_v1",
            FeatureViews = new Dictionary<string, string> { ["route_14d"] = "1", ["airport_delay"] = "3" },
            Metrics = new Dictionary<string, double>
            {
                ["auc"] = 0.7284321,
                ["log_loss"] = 0.41,
                ["slice/carrier/AA/auc"] = 0.71,
                ["slice/carrier/UA/auc"] = 0.74,
                ["slice/carrier/UA/log_loss"] = 0.4
            },
            TrainingWindow = new TrainingWindow(978307200000000, 986083200000000),
        });

        var card = await kit.Cards.GetAsync(Carl, "delay", "1.0.0", Cancel);
        Assert.False(card.Edited);
        Assert.Equal(
            $"""
            # delay 1.0.0

            |  |  |
            |---|---|
            | Registered | 2026-01-01 00:00 UTC by carl |
            | Stage | development |
            | Run | {run.Id} |
            | File | 4 bytes, SHA-256 {version.File!.Sha256} |
            | Rules | governed |

            ## Purpose

            Predict at departure \| late arrivals.

            ## Owner

            ops \<team\> (project default)

            ## Data

            | Dataset | Digest | Source | Rows | Used for |
            |---|---|---|---|---|
            | flights | abc | flights.parquet | 1000 | training |

            Training window: 2001-01-01 00:00 UTC to 2001-04-01 00:00 UTC (not included).

            ## Features

            Feature service: delay_v1 (airport_delay 3, route_14d 1)

            ## Signature

            | Input | Type |
            |---|---|
            | hour | int64 |
            | delay_3h | float64 |

            | Output | Type |
            |---|---|
            | probability | float32 |

            ## Metrics

            | Metric | Value |
            |---|---|
            | auc | 0.728432 |
            | log_loss | 0.41 |

            ## Metrics by slice

            | Slice | auc | log_loss |
            |---|---|---|
            | carrier = AA | 0.71 | – |
            | carrier = UA | 0.74 | 0.4 |

            ## Limitations

            Not stated.

            ## Lineage

            | From |  | To |
            |---|---|---|
            | dataset flights@abc | read by | run {run.Id} |
            | feature service delay_v1 | features of | run {run.Id} |
            | run {run.Id} | trained | model version delay/1.0.0 |

            """,
            card.Markdown);
    }

    [Fact]
    public async Task A_section_that_was_written_stays_while_the_others_follow_what_is_known()
    {
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        await kit.CreateAsync("delay");
        var generated = await kit.Cards.GetAsync(Carl, "delay", "1", Cancel);
        await kit.Cards.PutAsync(
            Carl, "delay", "1.0.0", generated.Markdown.Replace("## Limitations\n\nNot stated.", "## Limitations\n\nNot for 2020.", StringComparison.Ordinal)
                + "\n## Ethics\n\n```\n## no heading\n```\n", Cancel);
        await kit.Registry.ChangeModelAsync(Carl, "delay", new ModelChange(Description: "Late arrivals."), Cancel);

        var card = await kit.Cards.GetAsync(Carl, "delay", "1", Cancel);
        Assert.True(card.Edited);
        Assert.Equal([("Limitations", "Not for 2020."), ("Ethics", "```\n## no heading\n```")], card.Sections.Where(s => s.Edited).Select(s => (s.Title, s.Markdown)));
        Assert.Contains("## Purpose\n\nLate arrivals.\n", card.Markdown, StringComparison.Ordinal);
        Assert.EndsWith("## Ethics\n\n```\n## no heading\n```\n", card.Markdown, StringComparison.Ordinal);

        await kit.Cards.PutSectionAsync(Carl, "delay", "1", "Limitations", null, Cancel);
        await kit.Cards.PutSectionAsync(Carl, "delay", "1", "Ethics", "Ask ops.", Cancel);
        card = await kit.Cards.GetAsync(Carl, "delay", "1", Cancel);
        Assert.Equal([("Ethics", "Ask ops.")], card.Sections.Where(s => s.Edited).Select(s => (s.Title, s.Markdown)));
        Assert.Equal("model_version.card", (await kit.Audit.ListAsync("model/delay/1.0.0", null, null, 1, Cancel)).Items[0].Action);
    }

    [Fact]
    public async Task A_card_has_a_limit()
    {
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        await kit.CreateAsync("delay");
        var message = await FailsAsync(
            ErrorKind.Invalid, () => kit.Cards.PutAsync(Carl, "delay", "1", new string('x', 200_001), Cancel));
        Assert.Equal("A model card has at most 200000 characters; got 200001.", message);
    }
}
