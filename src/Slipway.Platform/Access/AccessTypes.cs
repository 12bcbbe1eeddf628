using System.ComponentModel.DataAnnotations;

namespace Slipway.Platform.Access;

/// <summary>A ladder: each role may do what those before it may.</summary>
public enum Role
{
    /// <summary>Nothing, or only what grants for single projects and models give.</summary>
    None,

    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Logs runs, registers versions, asks for approvals.</summary>
    Contributor,

    /// <summary>Decides on approvals.</summary>
    Approver,

    Admin,
}

public enum ApprovalState
{
    Pending,
    Approved,
    Rejected,
}

public enum Decision
{
    Approve,
    Reject,
}

/// <param name="Subject">What it is about, such as <c>model/flight-delay/1.0.0</c>.</param>
/// <param name="Action">What is to be allowed, such as <c>promote:production</c>.</param>
/// <param name="Required">How many different approvers must agree; one rejection ends it.</param>
public sealed record Approval(
    string Id, string Subject, string Action, string Reason, string RequestedBy, long RequestedMs, int Required,
    ApprovalState State, long? DecidedMs, IReadOnlyList<ApprovalDecision> Decisions)
{
    /// <summary>The project whose grants and policy count; null where nobody said.</summary>
    public string? Project { get; init; }

    /// <summary>The model whose grants and policy count; null where it is about none.</summary>
    public string? Model { get; init; }

    /// <summary>Who made what is to be approved; null where nobody said.</summary>
    public string? Author { get; init; }
}

/// <summary>What an approval is about, as far as grants and policies go.</summary>
/// <param name="Project">Null where nobody knows.</param>
/// <param name="Author">Who made it, and by the policy may not be among those who approve it.</param>
public sealed record ApprovalTarget(string? Project, string? Model, string? Author = null)
{
    /// <summary>What a subject such as <c>model/flight-delay/1.0.0</c> says by itself.</summary>
    public static ApprovalTarget Of(string subject) =>
        subject.Split('/') is ["model", { Length: > 0 } name, ..] ? new(null, name) : new(null, null);
}

public sealed record ApprovalDecision(string Approver, Decision Decision, string Comment, long DecidedMs);

/// <summary>How many must agree before something of a scope goes to production.</summary>
/// <param name="Scope"><c>model/NAME</c>, <c>project/NAME</c>, or <c>server</c> for what has no rule of its own.</param>
/// <param name="Required">0 lets it go without asking.</param>
public sealed record ApprovalPolicy(string Scope, int Required, bool AuthorMayApprove)
{
    public const string Server = "server";
    public const int MaxRequired = 10;
}

/// <summary>The rules of the server, for scopes without a policy.</summary>
public sealed record ApprovalOptions
{
    /// <summary>How many different approvers must agree.</summary>
    [Range(1, 10)]
    public int RequiredApprovals { get; init; } = 1;

    /// <summary>Whether the one who asked may be among them.</summary>
    public bool AuthorMayApprove { get; init; }
}

/// <param name="Seq">From 1, without gaps.</param>
/// <param name="Object">What was acted on, such as <c>model/flight-delay/1.0.0</c>.</param>
/// <param name="Detail">JSON.</param>
/// <param name="Hash">64 lower-case hex digits; see <see cref="AuditHash"/>.</param>
public sealed record AuditEntry(
    long Seq, long AtMs, string Actor, string Action, string Object, string Detail, string PreviousHash, string Hash);

/// <param name="Rows">How many rows hold from the start of the log.</param>
/// <param name="BrokenSeq">The first row that does not, or null when the whole log holds.</param>
/// <param name="HeadHash">The end of the chain. Kept elsewhere, it later proves that nothing before it was rewritten.</param>
public sealed record AuditVerdict(long Rows, long? BrokenSeq, string? Reason, string HeadHash)
{
    public bool Intact => BrokenSeq is null;
}
