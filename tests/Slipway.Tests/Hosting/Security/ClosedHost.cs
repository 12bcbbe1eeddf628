using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Slipway.Configuration;
using Slipway.Platform.Access;

namespace Slipway.Tests.Hosting.Security;

/// <summary>The real host after somebody was made an admin: it asks everybody who they are.</summary>
internal sealed class ClosedHost : IAsyncDisposable
{
    private ClosedHost(RunningHost running, string adminKey) => (Running, AdminKey) = (running, adminKey);

    public RunningHost Running { get; }

    public string AdminKey { get; }

    /// <summary>Sends nothing that says who calls.</summary>
    public HttpClient Http => Running.Http;

    public IServiceProvider Services => Running.Host.Services;

    public static async Task<ClosedHost> StartAsync(
        Func<SlipwayOptions, SlipwayOptions>? change = null, Action<IServiceCollection>? add = null, Action<WebApplication>? map = null)
    {
        var running = await RunningHost.StartAsync(change, add, map);
        var made = await running.Host.Services.GetRequiredService<KeyService>().CreateAsync(
            Actors.Local, new KeyRequest("root", Role: Role.Admin), TestContext.Current.CancellationToken);
        return new ClosedHost(running, made.Text);
    }

    public async Task<string> KeyAsync(string name, Role role, KeyScope[]? scopes = null, params (string Scope, Role Role)[] grants)
    {
        var cancel = TestContext.Current.CancellationToken;
        var made = await Services.GetRequiredService<KeyService>().CreateAsync(
            Actors.Local, new KeyRequest(name, Scopes: scopes, Role: role), cancel);
        foreach (var (scope, granted) in grants)
        {
            await Services.GetRequiredService<GrantService>().GrantAsync(Actors.Local, name, AccessScope.Parse(scope), granted, cancel);
        }

        return made.Text;
    }

    public Task<HttpResponseMessage> SendAsync(
        string method, string path, string? key = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => Running.DisposeAsync();
}
