using System.Net;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Slipway.Protocols.Feast.Wire;

namespace Slipway.Tests.Feast;

/// <summary><c>feast.serving.ServingService</c> over HTTP/2; field numbers on the wire are checked byte by byte.</summary>
public sealed class FeastGrpcTests : IAsyncLifetime
{
    private FeastHost host = null!;
    private GrpcChannel channel = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ServingService.ServingServiceClient Client => new(channel);

    public async ValueTask InitializeAsync()
    {
        host = await FeastHost.StartAsync();
        channel = GrpcChannel.ForAddress(host.Running.Host.GrpcAddress.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await host.DisposeAsync();
    }

    private static GetOnlineFeaturesRequest Ask(string[] features, params (string Name, Value[] Values)[] entities)
    {
        var request = new GetOnlineFeaturesRequest { Features = new FeatureList { Val = { features } } };
        foreach (var (name, values) in entities)
        {
            request.Entities[name] = new RepeatedValue { Val = { values } };
        }

        return request;
    }

    [Fact]
    public async Task The_bytes_on_the_wire_are_those_of_the_protocol()
    {
        // features (2) { val (1) "driver_stats:trips" }, entities (3) { key (1) "driver_id", value (2) { val (1) { int64_val (4) 1001 } } }
        var features = Field(0x12, Field(0x0a, "driver_stats:trips"u8.ToArray()));
        var id = Field(0x0a, [0x20, 0xe9, 0x07]);
        var entities = Field(0x1a, [.. Field(0x0a, "driver_id"u8.ToArray()), .. Field(0x12, id)]);

        var answer = await SendAsync([.. features, .. entities]);

        // metadata (1) { feature_names (1) { val (1) … } }; results (2) { values (1), statuses (2) packed, event_timestamps (3) }; status (3).
        byte[] expected =
        [
            .. Field(0x0a, Field(0x0a, [.. Field(0x0a, "driver_id"u8.ToArray()), .. Field(0x0a, "trips"u8.ToArray())])),
            .. Field(0x12, [.. Field(0x0a, [0x20, 0xe9, 0x07]), 0x12, 0x01, 0x01, 0x1a, 0x00]),
            .. Field(0x12, [.. Field(0x0a, [0x20, 0x07]), 0x12, 0x01, 0x01, .. Field(0x1a, [0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06])]),
            0x18, 0x01,
        ];
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(answer));
    }

    [Fact]
    public async Task Values_keep_their_types_and_what_is_missing_is_unset()
    {
        var request = Ask(
            ["driver_stats:conv_rate", "driver_stats:since", "driver_stats:town"],
            ("driver_id", [new Value { Int32Val = 1003 }, new Value { Int64Val = 9 }]));

        var answer = await Client.GetOnlineFeaturesAsync(request, cancellationToken: Cancel);

        Assert.Equal(["driver_id", "conv_rate", "since", "town"], answer.Metadata.FeatureNames.Val);
        Assert.Equal(0.5f, answer.Results[1].Values[0].FloatVal);
        Assert.Equal(-1, answer.Results[2].Values[0].UnixTimestampVal);
        Assert.Equal(Value.ValOneofCase.None, answer.Results[3].Values[0].ValCase);
        Assert.Equal([FieldStatus.NullValue, FieldStatus.NotFound], answer.Results[3].Statuses);
        Assert.Equal(1_700_000_000, answer.Results[1].EventTimestamps[0].Seconds);
    }

    [Fact]
    public async Task A_service_takes_its_request_data_from_the_context()
    {
        var request = new GetOnlineFeaturesRequest { FeatureService = "rides", FullFeatureNames = true };
        request.Entities["driver_id"] = new RepeatedValue { Val = { new Value { Int64Val = 1001 } } };
        request.RequestContext["per_trip"] = new RepeatedValue { Val = { new Value { Int64Val = 5 } } };

        var answer = await Client.GetOnlineFeaturesAsync(request, cancellationToken: Cancel);

        Assert.Equal(["driver_id", "driver_stats__trips", "bonus__bonus"], answer.Metadata.FeatureNames.Val);
        Assert.Equal(35, answer.Results[2].Values[0].Int64Val);
    }

    [Fact]
    public async Task Mistakes_have_their_codes()
    {
        await FailsAsync(StatusCode.NotFound, Ask(["none:x"]));
        await FailsAsync(StatusCode.InvalidArgument, Ask(["driver_stats:trips"]));
        await FailsAsync(StatusCode.InvalidArgument, Ask(["driver_stats:trips"], ("driver_id", [new Value { StringVal = "a" }])));
        await FailsAsync(StatusCode.InvalidArgument, Ask(["driver_stats:trips"], ("driver_id", []), ("x", [new Value()])));
        await FailsAsync(StatusCode.InvalidArgument, new GetOnlineFeaturesRequest());
    }

    [Fact]
    public async Task The_server_says_its_version() => Assert.Equal(
        Slipway.Hosting.ProductVersion.Current.Version,
        (await Client.GetFeastServingInfoAsync(new GetFeastServingInfoRequest(), cancellationToken: Cancel)).Version);

    private async Task FailsAsync(StatusCode code, GetOnlineFeaturesRequest request)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await Client.GetOnlineFeaturesAsync(request, cancellationToken: Cancel));
        Assert.True(code == failure.StatusCode, failure.ToString());
    }

    private static byte[] Field(byte tag, byte[] content) => [tag, (byte)content.Length, .. content];

    /// <summary>One message with its prefix of five bytes, both ways.</summary>
    private async Task<byte[]> SendAsync(byte[] message)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(new Uri(host.Running.Host.GrpcAddress.ToString()), "/feast.serving.ServingService/GetOnlineFeatures"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, (byte)message.Length, .. message]),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        using var response = await http.SendAsync(request, Cancel);
        var body = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.True(body.Length > 5, Encoding.UTF8.GetString(body));
        return body[5..];
    }
}
