using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;
using Slipway.Inference.Batching;
using Slipway.Tests.Serving;

namespace Slipway.Tests.Inference;

/// <summary>One place for native calls, held until all requests of a test wait.</summary>
public sealed class BatchingTests : IDisposable
{
    private static readonly CallOptions Together = new() { Batching = new BatchingOptions { Mode = BatchingMode.On } };
    private readonly InferenceWorkers workers = new(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => workers.Dispose();

    [Fact]
    public async Task Requests_that_wait_share_one_native_call()
    {
        using var model = OnnxModel.Load(TestModels.Echo, "echo", workers);
        var held = workers.Enter(Cancel);
        Task<float>[] calls = [.. Enumerable.Range(0, 20).Select(i => ScoreAsync(model, i))];
        Assert.Equal(20, model.Statistics(TimeProvider.System).Waiting);

        held.Dispose();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (float)i), await Task.WhenAll(calls));
        var statistics = model.Statistics(TimeProvider.System);
        Assert.Equal((20, 1, 20, 0), (statistics.InferenceCount, statistics.ExecutionCount, statistics.Success.Count, statistics.Fail.Count));
        Assert.Equal((20, 1), (Assert.Single(statistics.Batches).Size, statistics.Batches[0].ComputeInfer.Count));
        Assert.Equal(20, statistics.ComputeInfer.Count);
    }

    [Fact]
    public async Task A_batch_ends_at_its_largest_size_and_off_means_one_by_one()
    {
        using var model = OnnxModel.Load(TestModels.Echo, "echo", workers);
        var held = workers.Enter(Cancel);
        var eight = new CallOptions { Batching = new BatchingOptions { MaxBatchSize = 8 } };
        var off = new CallOptions { Batching = new BatchingOptions { Mode = BatchingMode.Off }, Priority = 10 };
        Task<float>[] calls = [.. Enumerable.Range(0, 20).Select(i => ScoreAsync(model, i, eight)), ScoreAsync(model, 1, off), ScoreAsync(model, 2, off)];

        held.Dispose();
        await Task.WhenAll(calls);

        Assert.Equal([(1, 2), (4, 1), (8, 2)], model.Statistics(TimeProvider.System).Batches.Select(b => (b.Size, b.ComputeInfer.Count)));
    }

    [Fact]
    public void Batched_answers_equal_single_answers_bit_by_bit_whatever_the_shapes()
    {
        using var model = OnnxModel.Load(OnnxFile.Of("Sigmoid", TensorType.Float32, [-1, -1], ["in"], "out"), "sigmoid", workers);
        var tensors = Gen.Choose(1, 9).SelectMany(rows => Gen.Choose(1, 5).SelectMany(columns => ArbMap.Default.GeneratorFor<float>()
            .ArrayOf(rows * columns).Select(values => Tensor.Of(values, rows, columns))));

        Prop.ForAll(tensors.NonEmptyListOf().ToArbitrary(), requests =>
        {
            var alone = requests.Select(tensor => model.Run([tensor])[0]).ToList();
            var held = workers.Enter(default);
            var calls = requests.Select(tensor =>
                model.RunAsync(new Dictionary<string, Tensor> { ["in"] = tensor }, null, CallOptions.Default, default).AsTask()).ToList();
            held.Dispose();
            return Task.WhenAll(calls).GetAwaiter().GetResult().Zip(alone).All(pair =>
                pair.First["out"].Shape.SequenceEqual(pair.Second.Shape) && pair.First["out"].Raw.SequenceEqual(pair.Second.Raw));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_model_whose_rows_see_each_other_is_found_out()
    {
        using var shares = OnnxModel.Load(BatchModels.Shares, "shares", workers);
        using var echo = OnnxModel.Load(TestModels.Echo, "echo", workers);
        using var fixedRows = OnnxModel.Load(OnnxFile.Of("Neg", TensorType.Float32, [1, 2], ["in"], "out"), "fixed", workers);

        Assert.Equal((false, true, false), (shares.AnswersRowsAlike, echo.AnswersRowsAlike, fixedRows.AnswersRowsAlike));
    }

    [Fact]
    public async Task A_bad_row_spoils_only_its_own_request()
    {
        using var model = OnnxModel.Load(TestModels.Brittle, "brittle", workers);
        var held = workers.Enter(Cancel);
        Task<float>[] calls = [.. new float[] { 0, 7, 1 }.Select(x => ScoreAsync(model, x, Together))];

        held.Dispose();

        Assert.Equal((0.25f, 0.75f), (await calls[0], await calls[2]));
        await Assert.ThrowsAnyAsync<Exception>(() => calls[1]);
        var statistics = model.Statistics(TimeProvider.System);
        Assert.Equal((2, 1), (statistics.Success.Count, statistics.Fail.Count));
    }

    [Fact]
    public async Task A_request_that_is_cancelled_leaves_the_queue()
    {
        using var model = OnnxModel.Load(TestModels.Echo, "echo", workers);
        using var cancel = new CancellationTokenSource();
        var held = workers.Enter(Cancel);
        var first = ScoreAsync(model, 1);
        var second = ScoreAsync(model, 2, cancel: cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(1, model.Statistics(TimeProvider.System).Waiting);
        held.Dispose();
        Assert.Equal(1, await first);
        Assert.Equal(1, model.Statistics(TimeProvider.System).InferenceCount);
    }

    [Fact]
    public async Task Time_runs_out_in_the_queue()
    {
        using var model = OnnxModel.Load(TestModels.Echo, "echo", workers);
        using var held = workers.Enter(Cancel);

        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => ScoreAsync(model, 1, new CallOptions { Timeout = TimeSpan.FromMilliseconds(20) }));

        Assert.Equal((ErrorKind.Unavailable, "Request timeout expired"), (error.Kind, error.Message));
        var statistics = model.Statistics(TimeProvider.System);
        Assert.Equal((0, 1), (statistics.Waiting, statistics.TimedOut));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_model_that_hangs_is_stopped_and_gives_its_place_back(bool waits)
    {
        using var endless = OnnxModel.Load(BatchModels.Endless, "endless", workers);
        using var echo = OnnxModel.Load(TestModels.Echo, "echo", workers);
        var held = waits ? workers.Enter(Cancel) : default;
        var options = new CallOptions { Timeout = TimeSpan.FromSeconds(3), Batching = new BatchingOptions { Mode = BatchingMode.Off } };

        var call = Task.Run(() => ScoreAsync(endless, 1, options), Cancel);
        if (waits)
        {
            while (endless.Statistics(TimeProvider.System).Waiting == 0)
            {
                await Task.Yield();
            }

            held.Dispose();
        }

        var error = await Assert.ThrowsAsync<SlipwayException>(() => call);
        Assert.Equal((ErrorKind.Timeout, "Request timeout expired"), (error.Kind, error.Message));
        Assert.Equal(1, endless.Statistics(TimeProvider.System).TimedOut);
        Assert.Equal(2, await ScoreAsync(echo, 2));
    }

    [Fact]
    public async Task A_full_queue_refuses_with_the_time_to_wait()
    {
        using var model = OnnxModel.Load(TestModels.Echo, "echo", workers);
        var held = workers.Enter(Cancel);
        var options = new CallOptions { MaxQueue = 1 };
        var first = ScoreAsync(model, 1, options);

        var error = await Assert.ThrowsAsync<SlipwayException>(() => ScoreAsync(model, 2, options));

        Assert.Equal((ErrorKind.Unavailable, "Exceeds maximum queue size: 1 requests wait for model 'echo'."), (error.Kind, error.Message));
        Assert.Equal(1, error.RetryAfterSeconds);
        held.Dispose();
        Assert.Equal(1, await first);
        Assert.Equal(1, model.Statistics(TimeProvider.System).QueueFull);
    }

    [Fact]
    public void Priority_goes_before_arrival()
    {
        var queue = new RequestQueue<string>();
        foreach (var (name, priority) in (ValueTuple<string, ulong>[])[("default", 0), ("last", 99), ("level 5", 5), ("first", 1)])
        {
            queue.Add(new Pending<string>(name, 1, new CallOptions { Priority = priority }));
        }

        string[] order = [.. Enumerable.Range(0, 4).Select(_ => Assert.Single(queue.Take(null!, _ => false)).Call)];

        Assert.Equal(["first", "default", "level 5", "last"], order);
    }

    private static async Task<float> ScoreAsync(OnnxModel model, float x, CallOptions? options = null, CancellationToken? cancel = null)
    {
        var probability = new float[1];
        await model.ScoreAsync(new[] { x }, 1, probability, options ?? CallOptions.Default, cancel ?? Cancel);
        return probability[0];
    }
}
