using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Platform.Access;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Features.Registry;
using Slipway.Protocols.Feast.Wire;

namespace Slipway.Tests.Feast;

/// <summary>Arrays and embeddings as Feast's clients write and read them.</summary>
public sealed class FeastArrayTests : IAsyncLifetime
{
    private const string Yaml =
        """
        entities:
          - {name: face, join_keys: [{name: face, type: string}]}
        feature_views:
          - name: faces
            kind: batch
            entities: [face]
            source: {path: faces.parquet}
            features:
              - {name: vector, type: embedding<2>}
              - {name: tags, type: array<string>}
              - {name: seen, type: array<timestamp>}
              - {name: counts, type: array<int64>}
              - {name: weights, type: array<float64>}
              - {name: flags, type: array<bool>}
        """;

    private FeastHost host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await FeastHost.StartAsync();
        await host.Running.Host.Services.GetRequiredService<FeatureRegistryService>()
            .ApplyAsync(FeatureRepository.Parse(("faces.yaml", Yaml)), Actors.Local, Cancel);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private Task<(int Status, string Body)> WriteAsync(string columns) => host.PostAsync(
        "/write-to-online-store", """{"feature_view_name": "faces", "df": {"face": ["a"], "event_timestamp": [1700000000], """ + columns + "}}");

    [Fact]
    public async Task Lists_are_written_and_read_over_HTTP_and_gRPC()
    {
        Assert.Equal((200, "null"), await WriteAsync(
            """ "vector": [[1, 2]], "tags": [["x", "y z"]], "seen": [["2023-11-14T22:13:20Z", 5]], "counts": [[]], "weights": [[0.5, 1]], "flags": [[true]] """));
        var (_, body) = await host.PostAsync(
            "/get-online-features",
            """{"features":["faces:vector","faces:tags","faces:seen","faces:counts","faces:weights","faces:flags"],"entities":{"face":["a","b"]}}""");
        foreach (var values in new[] { "[[1,2],null]", """[["x","y z"],null]""", "[[1700000000,5],null]", "[[],null]", "[[0.5,1],null]", "[[true],null]" })
        {
            Assert.Contains($"\"values\":{values},", body, StringComparison.Ordinal);
        }

        using var channel = GrpcChannel.ForAddress(host.Running.Host.GrpcAddress.ToString());
        var request = new GetOnlineFeaturesRequest { Features = new FeatureList { Val = { "faces:vector", "faces:tags", "faces:seen", "faces:weights", "faces:flags" } } };
        request.Entities["face"] = new RepeatedValue { Val = { new Value { StringVal = "a" } } };
        var answer = await new ServingService.ServingServiceClient(channel).GetOnlineFeaturesAsync(request, cancellationToken: Cancel);

        // The bytes that Feast's own encoder gives for a float_list of 1 and 2.
        Assert.Equal("82010a0a080000803f00000040", Convert.ToHexStringLower(answer.Results[1].Values[0].ToByteArray()));
        Assert.Equal(["x", "y z"], answer.Results[2].Values[0].StringListVal.Val);
        Assert.Equal([1700000000, 5], answer.Results[3].Values[0].UnixTimestampListVal.Val);
        Assert.Equal([0.5, 1], answer.Results[4].Values[0].DoubleListVal.Val);
        Assert.Equal([true], answer.Results[5].Values[0].BoolListVal.Val);
    }

    [Theory]
    [InlineData(""" "vector": [[1, 2, 3]] """, "Value 0 of 'vector' must be a embedding<2>; it is a JSON array.")]
    [InlineData(""" "vector": [[1, null]] """, "Value 0 of 'vector' must be a embedding<2>; it is a JSON array.")]
    [InlineData(""" "counts": [[1.5]] """, "Value 0 of 'counts' must be a array<int64>; it is a JSON array.")]
    [InlineData(""" "tags": ["x"] """, "Value 0 of 'tags' must be a array<string>; it is a JSON string.")]
    public async Task A_list_that_does_not_fit_is_refused(string column, string message)
    {
        var (status, body) = await WriteAsync(column);
        Assert.Equal(422, status);
        Assert.Contains(message, System.Text.RegularExpressions.Regex.Unescape(body), StringComparison.Ordinal);
    }
}
