using System.ComponentModel.DataAnnotations;

namespace Slipway.Platform.Streaming;

/// <param name="Added">Events that the topic did not have yet.</param>
/// <param name="Duplicates">Events whose id it had: sent again, they change nothing.</param>
/// <param name="EndOffset">Where the next event will go.</param>
public sealed record PushResult(int Added, int Duplicates, long EndOffset);

/// <param name="Watermark">The latest that was pushed: no event up to it is still to come. Null before the first.</param>
public sealed record TopicStatus(string Topic, long EndOffset, DateTimeOffset? Watermark, IReadOnlyList<ViewProgress> Views);

/// <summary>How far a streaming feature view has come on its topic.</summary>
/// <param name="View">Name and version, as <c>airport_arrivals@2</c>.</param>
/// <param name="Lag">Events, punctuation included, that it has not taken in yet.</param>
/// <param name="Watermark">Its windows are closed up to here.</param>
/// <param name="Late">Events that came after their window was closed and were dropped.</param>
public sealed record ViewProgress(
    string View, long Offset, long Lag, DateTimeOffset? Watermark, long Events, long Late, long DeadLetters);

/// <summary>An event that a view could not take in, kept with its cause.</summary>
public sealed record DeadLetter(
    string Topic, long Offset, string View, string EventId, DateTimeOffset EventTime, string Cause, string Payload, DateTimeOffset Created);

/// <summary>Which dead letters of a topic.</summary>
/// <param name="View">Name and version, as <c>load@1</c>; null for those of every view.</param>
/// <param name="Offsets">Where in the topic they stood; null for all, the oldest first, up to the limit of a call.</param>
public sealed record DeadLetterSelection(string Topic, string? View = null, IReadOnlyList<long>? Offsets = null);

/// <param name="Letters">How many were replayed or discarded.</param>
/// <param name="Left">How many were left, since the version of the view that could not take them is no longer in force.</param>
public sealed record DeadLetterChange(int Letters, int Left);

public sealed record StreamOptions
{
    /// <summary>Most events taken in with one transaction.</summary>
    [Range(1, 100_000)]
    public int BatchEvents { get; init; } = 20_000;

    /// <summary>Events between two snapshots of a view's state. After a crash at most so many are read again, at 150,000 a second or more.</summary>
    [Range(1, 10_000_000)]
    public int SnapshotEvents { get; init; } = 50_000;

    /// <summary>How often a server looks for what other servers have appended, and after a failure tries again.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a push waits for the views before it answers that they are behind.</summary>
    public TimeSpan WaitLimit { get; init; } = TimeSpan.FromSeconds(30);
}
