namespace Slipway.Platform.Foundation.Database;

/// <summary>One caller's work in the queue of <see cref="SqliteWriter"/>.</summary>
internal abstract class SqliteWrite
{
    /// <summary>False for one that was cancelled while it waited.</summary>
    public abstract bool TryStart();

    /// <summary>Runs the work in the context of its caller, up to and with what it left for the end of the transaction.</summary>
    public abstract Task RunAsync(DbSession session);

    /// <summary>
    /// Keeps what the work threw for <see cref="Answer"/>: it may come from what others of the group did, which is not true
    /// before the commit.
    /// </summary>
    public abstract void Refuse(Exception failure);

    /// <summary>Tells the caller how it went, after the commit; never throws.</summary>
    public abstract void Answer();

    /// <summary>Tells the caller that nothing was kept, unless it was told something.</summary>
    public abstract void Fail(Exception failure);
}

internal sealed class SqliteWrite<T> : SqliteWrite
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ExecutionContext? context = ExecutionContext.Capture();
    private readonly Func<DbSession, Task<T>> work;
    private readonly CancellationTokenRegistration leaving;
    private DbSession? ran;
    private T result = default!;
    private Exception? refusal;
    private int started;

    public SqliteWrite(Func<DbSession, Task<T>> work, CancellationToken cancel)
    {
        this.work = work;
        leaving = cancel.UnsafeRegister(
            static (write, token) =>
            {
                var left = (SqliteWrite<T>)write!;
                if (left.TryTake())
                {
                    left.answer.TrySetCanceled(token);
                }
            },
            this);
    }

    public Task<T> Result => answer.Task;

    public override bool TryStart()
    {
        leaving.Unregister();
        return TryTake();
    }

    public override async Task RunAsync(DbSession session)
    {
        ran = session;
        result = await Start(session);
        await session.CommittingAsync();
    }

    public override void Refuse(Exception failure) => refusal = failure;

    public override void Answer()
    {
        if (refusal is not null)
        {
            Fail(refusal);
            return;
        }

        try
        {
            ran!.Committed();
            answer.TrySetResult(result);
        }
        catch (Exception failure)
        {
            // It is stored, and what was to follow failed: the caller's bug, which stays the caller's.
            answer.TrySetException(failure);
        }
    }

    public override void Fail(Exception failure)
    {
        leaving.Unregister();
        if (failure is OperationCanceledException cancelled)
        {
            answer.TrySetCanceled(cancelled.CancellationToken);
        }
        else
        {
            answer.TrySetException(failure);
        }
    }

    private bool TryTake() => Interlocked.Exchange(ref started, 1) == 0;

    private Task<T> Start(DbSession session)
    {
        if (context is null)
        {
            return work(session);
        }

        Task<T>? running = null;
        ExecutionContext.Run(context, _ => running = work(session), null);
        return running!;
    }
}
