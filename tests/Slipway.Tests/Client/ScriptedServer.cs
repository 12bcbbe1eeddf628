using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Slipway.Client;

namespace Slipway.Tests.Client;

/// <summary>A server that answers as a test says, over a real socket, and keeps what it was asked.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ScriptedServer(WebApplication app) => this.app = app;

    public ConcurrentQueue<(string Line, string Body)> Requests { get; } = new();

    public Uri Address => new(app.Urls.First());

    /// <param name="answer">Gets the request, its body as text, and how many came before it.</param>
    public static async Task<ScriptedServer> StartAsync(Func<HttpContext, string, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ScriptedServer(builder.Build());
        server.app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            var before = server.Requests.Count;
            server.Requests.Enqueue(($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}", body));
            await answer(context, body, before);
        });
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public SlipwayClient Connect(SlipwayClientOptions? options = null) =>
        new(Address, "key", options ?? new SlipwayClientOptions { FirstWait = TimeSpan.FromMilliseconds(1) });

    public static Task RefuseAsync(HttpContext context, int status, string kind, string detail, string? retryAfter = null)
    {
        if (retryAfter is not null)
        {
            context.Response.Headers.RetryAfter = retryAfter;
        }

        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { status, kind, detail, traceId = "t1" }, options: null, "application/problem+json");
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
