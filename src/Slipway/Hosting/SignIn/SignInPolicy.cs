using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Hosting.SignIn;

/// <summary>Whether callers are asked who they are.</summary>
internal sealed class SignInPolicy(SlipwayOptions options, SignInService keys)
{
    private readonly bool? always = options.Auth switch
    {
        AuthMode.Off => false,
        AuthMode.Required => true,
        _ when options.Oidc is not null || (options.IsBeyondLoopback && !options.AllowAnonymous) => true,
        _ => null,
    };

    /// <summary>Asked from the first principal on, and never again not.</summary>
    public ValueTask<bool> AsksAsync(CancellationToken cancel) => always is { } known ? new(known) : keys.IsAnyoneKnownAsync(cancel);

    /// <summary>A server that asks everybody and knows nobody would be of no use; looked at once the database is up.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>: there is no key that opens it.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        if (always == true && options.Oidc is null && !await keys.IsAnyKeyValidAsync(cancel))
        {
            throw ListenPolicy.NobodyCanCall(options);
        }
    }
}

/// <summary>Runs after the database has its schema.</summary>
internal sealed class SignInStartup(SignInPolicy policy) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => policy.CheckAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
