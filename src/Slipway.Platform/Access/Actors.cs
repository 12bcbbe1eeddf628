using Microsoft.AspNetCore.Http;

namespace Slipway.Platform.Access;

/// <summary>
/// Who acts in a request. Sign-in puts its <see cref="Actor"/> into <c>HttpContext.Features</c>. Without sign-in, which a server
/// on loopback starts with, every request acts as <see cref="Local"/>; no header can change that, since anybody can send one.
/// </summary>
public static class Actors
{
    /// <summary>The person at the machine: whoever reaches the loopback interface owns the data folder anyway.</summary>
    public static Actor Local { get; } = new("local", Role.Admin);

    public static Actor Of(HttpContext context) => context.Features.Get<Actor>() ?? Local;
}
