using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.AspNetCore.Http;

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

/// <summary>Who acts: a person, or a part of the server such as <c>pipeline/retrain</c>.</summary>
/// <param name="Role">Held everywhere.</param>
/// <param name="Grants">Roles held beyond it, by scope: <c>project/NAME</c> or <c>model/NAME</c>.</param>
public sealed record Actor(string Name, Role Role, IReadOnlyDictionary<string, Role>? Grants = null)
{
    public const int MaxNameLength = 250;

    /// <summary>The highest role that any of the scopes, or none, gives.</summary>
    /// <param name="model">Null where the object belongs to no model.</param>
    public Role RoleIn(string project, string? model = null)
    {
        var role = Role;
        if (Grants is not null)
        {
            role = Higher(role, $"project/{project}");
            role = model is null ? role : Higher(role, $"model/{model}");
        }

        return role;
    }

    private Role Higher(Role role, string scope) => Grants!.TryGetValue(scope, out var granted) && granted > role ? granted : role;

    /// <summary>Lets an endpoint take an actor as a parameter; see <see cref="Actors.Of"/>.</summary>
    public static ValueTask<Actor?> BindAsync(HttpContext context, ParameterInfo parameter) => new(Actors.Of(context));
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
    ApprovalState State, long? DecidedMs, IReadOnlyList<ApprovalDecision> Decisions);

public sealed record ApprovalDecision(string Approver, Decision Decision, string Comment, long DecidedMs);

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
