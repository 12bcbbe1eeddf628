using Slipway.Client.Http;
using Slipway.Core.Errors;

namespace Slipway.Client;

public sealed class ApprovalClient
{
    private readonly Transport transport;

    internal ApprovalClient(Transport transport) => this.transport = transport;

    /// <summary>Newest first, one page at a time.</summary>
    /// <param name="state">All states when absent.</param>
    /// <param name="subject">Such as <c>model/flight-delay/1.0.0</c>; all when absent.</param>
    public IAsyncEnumerable<Approval> ListAsync(
        ApprovalState? state = null, string? subject = null, CancellationToken cancel = default) => transport.ListAsync(
        Paging.With(
            Paging.With("api/v1/approvals?limit=200", "state", state is { } wanted ? SnakeCase.Of(wanted) : null), "subject", subject),
        ClientJson.Default.PageApproval, cancel);

    /// <exception cref="SlipwayException"><see cref="ErrorKind.NotFound"/></exception>
    public Task<Approval> GetAsync(string id, CancellationToken cancel = default) =>
        transport.GetAsync($"api/v1/approvals/{Paging.Segment(id)}", ClientJson.Default.Approval, cancel);

    /// <summary>Asks for an approval; while one is pending for this subject and action, that one is meant.</summary>
    public Task<Approval> RequestAsync(string subject, string action, string? reason = null, CancellationToken cancel = default) =>
        transport.CallAsync(
            Call.Of(HttpMethod.Post, "api/v1/approvals", new ApprovalBody(subject, action, reason), ClientJson.Default.ApprovalBody, mayRepeat: true),
            ClientJson.Default.Approval, cancel);

    /// <summary>Not repeated by itself: a decision is taken once.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> for one who may not decide on this.</exception>
    public Task<Approval> DecideAsync(string id, Decision decision, string? comment = null, CancellationToken cancel = default) =>
        transport.CallAsync(
            Call.Of(
                HttpMethod.Post, $"api/v1/approvals/{Paging.Segment(id)}/decision", new DecisionBody(decision, comment),
                ClientJson.Default.DecisionBody, mayRepeat: false),
            ClientJson.Default.Approval, cancel);

    /// <summary>The policies of the scopes that the caller may read, by scope.</summary>
    public Task<List<ApprovalPolicy>> ListPoliciesAsync(CancellationToken cancel = default) =>
        transport.GetAsync("api/v1/approval-policies", ClientJson.Default.ListApprovalPolicy, cancel);

    /// <summary>Sets or replaces the rule of a scope. For its admins.</summary>
    /// <param name="scope"><c>project/NAME</c> or <c>model/NAME</c>.</param>
    /// <param name="required">How many must agree, 0 to 10.</param>
    /// <param name="authorMayApprove">Whether whoever made the version, or asked, may be among them.</param>
    public Task<ApprovalPolicy> SetPolicyAsync(
        string scope, int required, bool authorMayApprove = false, CancellationToken cancel = default) => transport.CallAsync(
        Call.Of(HttpMethod.Put, PolicyPath(scope), new PolicyBody(required, authorMayApprove), ClientJson.Default.PolicyBody, mayRepeat: true),
        ClientJson.Default.ApprovalPolicy, cancel);

    /// <summary>Leaves the scope to the rule above it; nothing happens when it has none of its own.</summary>
    /// <param name="scope"><c>project/NAME</c> or <c>model/NAME</c>.</param>
    public Task RemovePolicyAsync(string scope, CancellationToken cancel = default) =>
        transport.CallAsync(new Call(HttpMethod.Delete, PolicyPath(scope)), cancel);

    private static string PolicyPath(string scope) => scope.Split('/', 2) is [("project" or "model") and var kind, { Length: > 0 } name]
        ? $"api/v1/approval-policies/{kind}/{Paging.Segment(name)}"
        : throw SlipwayException.Invalid($"'{scope}' is not a scope; use project/NAME or model/NAME.");
}
