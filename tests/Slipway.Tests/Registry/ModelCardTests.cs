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
            Metrics = new Dictionary<string, double> { ["auc"] = 0.7284321, ["log_loss"] = 0.41 },
            TrainingWindow = new TrainingWindow(978307200000000, 986083200000000),
        });

        var card = await kit.Registry.GetCardAsync("delay", "1.0.0", Cancel);
        Assert.False(card.Edited);
        Assert.Equal(
            $"""
            # delay 1.0.0

            |  |  |
            |---|---|
            | Owner | ops \<team\> |
            | Registered | 2026-01-01 00:00 UTC by carl |
            | Stage | development |
            | Run | {run.Id} |
            | File | 4 bytes, SHA-256 {version.File.Sha256} |

            ## Purpose

            Predict at departure \| late arrivals.

            ## Data

            | Dataset | Digest | Source | Rows | Used for |
            |---|---|---|---|---|
            | flights | abc | flights.parquet | 1000 | training |

            Training window: 2001-01-01 00:00 UTC to 2001-04-01 00:00 UTC (not included).

            ## Features

            Feature service: delay_v1 (airport_delay 3, route_14d 1)

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

            ## Limitations

            Not stated.

            """,
            card.Markdown);
    }

    [Fact]
    public async Task A_card_that_was_written_stays()
    {
        await kit.Registry.RegisterModelAsync(Carl, new NewModel("delay"), Cancel);
        await kit.CreateAsync("delay");
        await kit.Registry.PutCardAsync(Carl, "delay", "1.0.0", "# By hand", Cancel);
        Assert.Equal(new ModelCard("# By hand", true), await kit.Registry.GetCardAsync("delay", "1", Cancel));
        Assert.Equal("model_version.card", (await kit.Audit.ListAsync("model/delay/1.0.0", null, null, 1, Cancel)).Items[0].Action);
        var message = await FailsAsync(
            ErrorKind.Invalid, () => kit.Registry.PutCardAsync(Carl, "delay", "1", new string('x', 200_001), Cancel));
        Assert.Equal("A model card has at most 200000 characters; got 200001.", message);
    }
}
