using System.Collections.Concurrent;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;
using Slipway.Inference;

namespace Slipway.Tests.Inference;

public sealed class InferenceWorkersTests
{
    private static readonly byte[] Adder = OnnxFile.Of("Add", TensorType.Float32, [-1, 2], ["a", "b"], "sum");

    [Fact]
    public async Task A_call_waits_for_a_place_and_then_takes_it()
    {
        using var workers = new InferenceWorkers(1);
        using var model = OnnxModel.Load(Adder, "adder", workers);
        var held = workers.Enter(default);

        var call = model.RunAsync(Inputs(1), null, CallOptions.Default, default).AsTask();
        Assert.False(call.IsCompleted);
        Assert.Equal(1, model.Statistics(TimeProvider.System).Waiting);

        held.Dispose();
        var outputs = await call;
        Assert.Equal([2f, 2], outputs["sum"].Values<float>().ToArray());
        Assert.Equal(0, model.Statistics(TimeProvider.System).Waiting);
    }

    [Fact]
    public void A_call_beyond_the_queue_is_refused_and_later_ones_are_not()
    {
        using var workers = new InferenceWorkers(1, queue: 0);
        using var model = OnnxModel.Load(Adder, "adder", workers);

        using (workers.Enter(default))
        {
            var error = Assert.Throws<SlipwayException>(() => model.Run(Inputs(1)));
            Assert.Equal(ErrorKind.Unavailable, error.Kind);
            Assert.StartsWith("Exceeds maximum queue size", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal([2f, 2], model.Run(Inputs(1))["sum"].Values<float>().ToArray());
    }

    [Fact]
    public async Task A_call_that_gives_up_leaves_the_queue()
    {
        using var workers = new InferenceWorkers(1);
        using var model = OnnxModel.Load(Adder, "adder", workers);
        using var cancel = new CancellationTokenSource();
        using var held = workers.Enter(default);

        var call = model.RunAsync(Inputs(1), null, CallOptions.Default, cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(0, model.Statistics(TimeProvider.System).Waiting);
    }

    [Fact]
    public async Task Many_callers_at_once_each_get_their_own_answer()
    {
        using var workers = new InferenceWorkers(2, queue: 64);
        using var model = OnnxModel.Load(Adder, "adder", workers);

        await Parallel.ForAsync(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancel) =>
        {
            var outputs = await model.RunAsync(Inputs(i), null, CallOptions.Default, cancel);
            Assert.Equal([2f * i, 2f * i], outputs["sum"].Values<float>().ToArray());
        });
    }

    [Fact]
    public async Task A_model_can_be_let_go_while_it_answers()
    {
        var model = OnnxModel.Load(Adder, "adder", new InferenceWorkers(4));
        var outcomes = new ConcurrentBag<bool>();
        using var first = new CountdownEvent(4);

        // Threads of their own: the pool would hold back the last callers for seconds while the first ones keep the processor.
        var callers = Enumerable.Range(0, 4).Select(caller => Task.Factory.StartNew(() =>
        {
            for (var answered = 0; ; answered++)
            {
                try
                {
                    outcomes.Add(model.Run(Inputs(caller))["sum"].Values<float>()[0] == 2f * caller);
                }
                catch (ObjectDisposedException)
                {
                    return;
                }

                if (answered == 100)
                {
                    first.Signal();
                }
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        first.Wait(TestContext.Current.CancellationToken);
        model.Dispose();
        await Task.WhenAll(callers);

        Assert.DoesNotContain(false, outcomes);
    }

    private static Dictionary<string, Tensor> Inputs(float value) =>
        new() { ["a"] = Tensor.Of([value, value], 1, 2), ["b"] = Tensor.Of([value, value], 1, 2) };
}
