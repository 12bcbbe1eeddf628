using Microsoft.AspNetCore.Authorization;
using Slipway.Core.Errors;
using Slipway.Platform.Access;

namespace Slipway.Hosting.SignIn;

/// <summary>
/// Finds out who calls, puts the <see cref="Actor"/> into the request's features, and asks what the route's
/// <see cref="AccessRule"/> asks. A path without a route is closed as well: what exists is nobody's business who is not known.
/// </summary>
internal sealed partial class SignInMiddleware(
    RequestDelegate next, SignInPolicy policy, SignInService keys, TokenSignIn tokens, SignatureSignIn signatures, FailureLimit failures,
    AccessService access, ILogger<SignInMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var asked = await policy.AsksAsync(context.RequestAborted);
        if (!asked)
        {
            context.Features.Set(Actors.Local);
        }
        else if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            context.Features.Set(Actors.Nobody);
        }
        else
        {
            await AdmitAsync(context);
        }

        await next(context);
    }

    private async Task AdmitAsync(HttpContext context)
    {
        var actor = await IdentifyAsync(context);
        context.Features.Set(actor);
        var route = context.GetEndpoint();
        if (route is not null)
        {
            (route.Metadata.GetMetadata<AccessRule>() ?? AccessRule.ByMethod).Check(access, actor, context.Request);
        }
    }

    private async ValueTask<Actor> IdentifyAsync(HttpContext context)
    {
        var signature = SignatureSignIn.Of(context);
        var shown = signature is null ? Credentials.Of(context.Request.Headers) : null;
        if (signature is null && shown is null)
        {
            throw new SlipwayException(
                ErrorKind.Unauthenticated,
                $"This server asks who calls; send an API key as 'Authorization: Bearer KEY', as '{Credentials.KeyHeader}: KEY', or as the password of Basic.");
        }

        var address = context.Connection.RemoteIpAddress;
        var isOver = failures.IsReached(address);

        // A token that is right is told by its signature alone, so others at the address cannot shut its holder out.
        var actor = signature is not null
            ? await signatures.BySignatureAsync(context, signature, onlyKnown: isOver)
            : await keys.ByKeyAsync(shown!.Value.Text, onlyKnown: isOver, context.RequestAborted)
                ?? await tokens.ByTokenAsync(context, shown.Value.Text);
        if (actor is not null)
        {
            return actor;
        }

        if (isOver)
        {
            context.Items[ProblemMiddleware.RetryAfterItem] = failures.SecondsLeft();
            throw new SlipwayException(
                ErrorKind.TooManyRequests, $"More than {FailureLimit.PerMinute} wrong keys came from {address} in this minute.");
        }

        failures.Count(address);
        LogRefused(address?.ToString() ?? "nowhere", context.Request.Method, context.Request.Path);
        throw new SlipwayException(ErrorKind.Unauthenticated, "The key, token or signature is wrong, has expired or was revoked.");
    }

    [LoggerMessage(1010, LogLevel.Information, "A wrong key from {Address} for {Method} {Path}")]
    private partial void LogRefused(string address, string method, string path);
}
