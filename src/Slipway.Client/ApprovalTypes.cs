using System.Text.Json.Serialization;
using Slipway.Client.Http;

namespace Slipway.Client;

[JsonConverter(typeof(SnakeCase<ApprovalState>))]
public enum ApprovalState
{
    Pending,
    Approved,
    Rejected,
}

[JsonConverter(typeof(SnakeCase<Decision>))]
public enum Decision
{
    Approve,
    Reject,
}

public sealed record ApprovalDecision(string Approver, Decision Decision, string Comment, long DecidedMs);

/// <param name="Subject">What it is about, such as <c>model/flight-delay/1.0.0</c>.</param>
/// <param name="Action">What is to be allowed, such as <c>promote:production</c>.</param>
/// <param name="Required">How many different approvers must agree; one rejection ends it.</param>
public sealed record Approval(
    string Id, string Subject, string Action, string Reason, string RequestedBy, long RequestedMs, int Required, ApprovalState State,
    long? DecidedMs = null, IReadOnlyList<ApprovalDecision>? Decisions = null);

/// <summary>The rule of a scope: how many must agree before a version goes to production, and who may be among them.</summary>
/// <param name="Scope"><c>project/NAME</c> or <c>model/NAME</c>.</param>
/// <param name="Required">0 to 10.</param>
/// <param name="AuthorMayApprove">Whether whoever made the version, or asked, may be among them.</param>
public sealed record ApprovalPolicy(string Scope, int Required, bool AuthorMayApprove);

/// <param name="Detail">JSON.</param>
/// <param name="Hash">64 lower-case hex digits, over the row before and this one.</param>
public sealed record AuditEntry(
    long Seq, long AtMs, string Actor, string Action, string Object, string Detail, string PreviousHash, string Hash);

/// <param name="Rows">How many rows hold from the start of the log.</param>
/// <param name="BrokenSeq">The first row that does not, or null when the whole log holds.</param>
/// <param name="HeadHash">The end of the chain. Kept elsewhere, it later proves that nothing before it was rewritten.</param>
public sealed record AuditVerdict(long Rows, long? BrokenSeq = null, string? Reason = null, string HeadHash = "")
{
    [JsonIgnore]
    public bool Intact => BrokenSeq is null;
}

internal sealed record ApprovalBody(string Subject, string Action, string? Reason);

internal sealed record DecisionBody(Decision Decision, string? Comment);

internal sealed record PolicyBody(int Required, bool AuthorMayApprove);
