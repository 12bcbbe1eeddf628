using System.Text.Json.Nodes;
using Slipway.Platform.Registry.OpenLineage;
using Slipway.Platform.Tracking;

namespace Slipway.Tests.Lineage;

/// <summary>Events as the OpenLineage specification 2-0-2 and its facets describe them, written down by hand.</summary>
public sealed class OpenLineageEventTests
{
    private const string RunId = "019a2b3c4d5e7f808182838485868788";
    private const string ParentId = "019a2b3c4d5e7f808182838485868700";

    private static readonly OpenLineageEvent Writer = new(new OpenLineageOptions { Namespace = "team-a", ServerVersion = "0.1.0" });

    private static readonly RunDetail Trained = new(
        new Run(
            RunId, 1, "baseline", RunStatus.Finished, 1767225600000, 1767225660500, ParentId, "carl",
            new RunEnvironment("0123456789abcdef0123456789abcdef01234567", ".NET 10.0.1", "Linux", "train --seed 7", 7)
            {
                GitRepository = "git@forge.example:team/flights.git",
                WorkingDirectory = "train",
            },
            "carl", "mlflow-artifacts:/1/x/artifacts"),
        new Dictionary<string, MetricPoint> { ["auc"] = new("auc", 0.75, 1, 3), ["loss"] = new("loss", double.NaN, 1, 3) },
        new Dictionary<string, string> { ["leaves"] = "31" },
        new Dictionary<string, string> { ["mlflow.source.git.branch"] = "main" },
        [
            new DatasetInput("flights", "9f2c61", "s3://lake/raw/flights.parquet", 699_573, "training"),
            new DatasetInput("airports", "77aa", "airports.csv"),
        ],
        [], []);

    private const string Complete =
        """
        {
          "eventType": "COMPLETE",
          "eventTime": "2026-01-01T00:01:00.500Z",
          "run": {
            "runId": "019a2b3c-4d5e-7f80-8182-838485868788",
            "facets": {
              "processing_engine": {
                "_producer": "urn:slipway:0.1.0",
                "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet",
                "version": "0.1.0",
                "name": "Slipway"
              },
              "parent": {
                "_producer": "urn:slipway:0.1.0",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/ParentRunFacet.json#/$defs/ParentRunFacet",
                "run": { "runId": "019a2b3c-4d5e-7f80-8182-838485868700" },
                "job": { "namespace": "team-a", "name": "nightly" }
              },
              "slipway_mlRun": {
                "_producer": "urn:slipway:0.1.0",
                "_schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet",
                "name": "baseline",
                "user": "carl",
                "status": "finished",
                "command": "train --seed 7",
                "runtime": ".NET 10.0.1",
                "operatingSystem": "Linux",
                "seed": 7,
                "metrics": { "auc": 0.75, "loss": "NaN" },
                "params": { "leaves": "31" },
                "tags": { "mlflow.source.git.branch": "main" }
              }
            }
          },
          "job": {
            "namespace": "team-a",
            "name": "flights",
            "facets": {
              "jobType": {
                "_producer": "urn:slipway:0.1.0",
                "_schemaURL": "https://openlineage.io/spec/facets/2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
                "processingType": "BATCH",
                "integration": "SLIPWAY",
                "jobType": "EXPERIMENT"
              },
              "sourceCodeLocation": {
                "_producer": "urn:slipway:0.1.0",
                "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/SourceCodeLocationJobFacet.json#/$defs/SourceCodeLocationJobFacet",
                "type": "git",
                "url": "ssh://git@forge.example/team/flights.git",
                "repoUrl": "git@forge.example:team/flights.git",
                "path": "train",
                "version": "0123456789abcdef0123456789abcdef01234567",
                "branch": "main"
              }
            }
          },
          "inputs": [
            {
              "namespace": "s3://lake",
              "name": "raw/flights.parquet",
              "facets": {
                "version": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                  "datasetVersion": "9f2c61"
                },
                "dataSource": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet",
                  "name": "flights",
                  "uri": "s3://lake/raw/flights.parquet"
                }
              },
              "inputFacets": {
                "dataQualityMetrics": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-2/DataQualityMetricsInputDatasetFacet.json#/$defs/DataQualityMetricsInputDatasetFacet",
                  "rowCount": 699573,
                  "columnMetrics": {}
                }
              }
            },
            {
              "namespace": "team-a",
              "name": "airports",
              "facets": {
                "version": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                  "datasetVersion": "77aa"
                },
                "dataSource": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet",
                  "name": "airports"
                }
              }
            }
          ],
          "outputs": [
            {
              "namespace": "team-a",
              "name": "models/flight-delay",
              "facets": {
                "version": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
                  "datasetVersion": "1.0.0"
                },
                "datasetType": {
                  "_producer": "urn:slipway:0.1.0",
                  "_schemaURL": "https://openlineage.io/spec/facets/1-0-0/DatasetTypeDatasetFacet.json#/$defs/DatasetTypeDatasetFacet",
                  "datasetType": "MODEL"
                }
              }
            }
          ],
          "producer": "urn:slipway:0.1.0",
          "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        }
        """;

    [Fact]
    public void A_run_that_ended_well_is_a_complete_event_with_what_it_read_and_made()
    {
        var written = Write(RunEventKind.Ended, RunStatus.Finished);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Complete), written), written.ToJsonString());
    }

    [Theory]
    [InlineData(RunEventKind.Started, RunStatus.Running, "START")]
    [InlineData(RunEventKind.Ended, RunStatus.Finished, "COMPLETE")]
    [InlineData(RunEventKind.Ended, RunStatus.Failed, "FAIL")]
    [InlineData(RunEventKind.Ended, RunStatus.Killed, "ABORT")]
    [InlineData(RunEventKind.Registered, RunStatus.Finished, "OTHER")]
    public void Each_turn_of_a_run_has_its_type(RunEventKind kind, RunStatus status, string type)
    {
        var written = Write(kind, status);
        Assert.Equal(type, (string?)written["eventType"]);
        Assert.Equal(type == "FAIL", written["run"]!["facets"]!["errorMessage"] is not null);
    }

    /// <summary>After "Naming" of the specification: a namespace for the source of data, a name within it.</summary>
    [Theory]
    [InlineData("s3://bucket/a/b.csv", "s3://bucket", "a/b.csv")]
    [InlineData("file:///data/x.csv", "file", "/data/x.csv")]
    [InlineData("abfss://fs@account.dfs.core.windows.net/t", "abfss://account.dfs.core.windows.net", "t")]
    [InlineData("https://me:s3cret@host/x.csv", "https://host", "x.csv")]
    [InlineData("{\"uri\": \"gs://bucket/t.parquet\"}", "gs://bucket", "t.parquet")]
    [InlineData("data/x.csv", "ours", "n")]
    [InlineData("{not json", "ours", "n")]
    public void A_dataset_is_called_what_other_tools_call_it(string source, string space, string name)
    {
        var address = DatasetAddress.Of(new DatasetInput("n", "d", source), "ours");
        Assert.Equal((space, name), (address.Namespace, address.Name));
        Assert.DoesNotContain("s3cret", address.Uri?.AbsoluteUri ?? "", StringComparison.Ordinal);
    }

    private static JsonNode Write(RunEventKind kind, RunStatus status) => JsonNode.Parse(Writer.Write(
        new RunEvent(RunId, kind, status, 1767225660500), new OpenLineageRun(Trained, "flights", (ParentId, "nightly"), ["flight-delay/1.0.0"])))!;
}
