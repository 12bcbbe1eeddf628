using System.Net.Http.Headers;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Commands.Access;

/// <summary>Goes through a running server's REST interface.</summary>
internal sealed class RemoteAccess : IAccessDoor
{
    private readonly HttpClient http;

    public RemoteAccess(Uri server, string? key)
    {
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
    }

    public Task<NewKey> CreateKeyAsync(KeyRequest request, CancellationToken cancel) =>
        SendAsync<NewKey>(HttpMethod.Post, "keys", request, cancel);

    public Task<List<ApiKey>> KeysAsync(string? principal, CancellationToken cancel) =>
        Paging.AllAsync(token => SendAsync<Page<ApiKey>>(
            HttpMethod.Get, Query("keys", ("principal", principal), ("pageToken", token), ("limit", "1000")), null, cancel));

    public Task RevokeKeyAsync(string id, CancellationToken cancel) => SendAsync(HttpMethod.Delete, $"keys/{Escape(id)}", null, cancel);

    public Task<Principal> CreatePrincipalAsync(string name, PrincipalKind kind, Role role, CancellationToken cancel) =>
        SendAsync<Principal>(HttpMethod.Post, "principals", new PrincipalRequest(name, role, kind), cancel);

    public Task<List<Principal>> PrincipalsAsync(CancellationToken cancel) =>
        Paging.AllAsync(token => SendAsync<Page<Principal>>(
            HttpMethod.Get, Query("principals", ("pageToken", token), ("limit", "1000")), null, cancel));

    public Task<Principal> PrincipalAsync(string name, CancellationToken cancel) =>
        SendAsync<Principal>(HttpMethod.Get, $"principals/{Escape(name)}", null, cancel);

    public Task<Principal> ChangePrincipalAsync(string name, PrincipalChange change, CancellationToken cancel) =>
        SendAsync<Principal>(HttpMethod.Patch, $"principals/{Escape(name)}", change, cancel);

    public Task DeletePrincipalAsync(string name, CancellationToken cancel) =>
        SendAsync(HttpMethod.Delete, $"principals/{Escape(name)}", null, cancel);

    public Task GrantAsync(string name, AccessScope scope, Role role, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, GrantPath(name, scope), new GrantRequest(role), cancel);

    public Task RemoveGrantAsync(string name, AccessScope scope, CancellationToken cancel) =>
        SendAsync(HttpMethod.Delete, GrantPath(name, scope), null, cancel);

    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => SendAsync<AuditVerdict>(HttpMethod.Get, "audit/verify", null, cancel);

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(string? objectRef, string? actor, int limit, CancellationToken cancel)
    {
        var path = Query("audit", ("object", objectRef), ("actor", actor), ("limit", $"{limit}"));
        return (await SendAsync<Page<AuditEntry>>(HttpMethod.Get, path, null, cancel)).Items;
    }

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancel) =>
        Json.Read<T>(await SendAsync(method, path, body, cancel));

    private async Task<string> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri($"/api/v1/{path}", UriKind.Relative));
        request.Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: Json.Options);
        try
        {
            using var response = await http.SendAsync(request, cancel);
            var text = await response.Content.ReadAsStringAsync(cancel);
            return response.IsSuccessStatusCode ? text : throw ErrorOf(text, (int)response.StatusCode);
        }
        catch (HttpRequestException failure)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"{http.BaseAddress} cannot be reached: {failure.Message}", failure);
        }
    }

    private static SlipwayException ErrorOf(string text, int status)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            var kind = problem.RootElement.GetProperty("kind").GetString()!;
            var detail = problem.RootElement.GetProperty("detail").GetString()!;
            return new SlipwayException(EnumName.TryParse<ErrorKind>(kind, out var known) ? known : ErrorKind.Unavailable, detail);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new SlipwayException(ErrorKind.Unavailable, $"the server answered {status} and not as Slipway does", failure);
        }
    }

    private static string GrantPath(string name, AccessScope scope)
    {
        var (kind, scopeName) = scope.Project is { } project ? ("project", project) : ("model", scope.Model!);
        return $"principals/{Escape(name)}/grants/{kind}/{Escape(scopeName)}";
    }

    private static string Query(string path, params (string Name, string? Value)[] fields) =>
        $"{path}?{string.Join('&', fields.Where(f => f.Value is not null).Select(f => $"{f.Name}={Escape(f.Value!)}"))}";

    private static string Escape(string text) => Uri.EscapeDataString(text);
}
