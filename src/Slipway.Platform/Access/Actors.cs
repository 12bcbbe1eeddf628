using Microsoft.AspNetCore.Http;

namespace Slipway.Platform.Access;

/// <summary>
/// Who acts in a request. Sign-in puts its <see cref="Actor"/> into <c>HttpContext.Features</c>. Where it does not ask, as on
/// loopback before anybody has a key, every request acts as <see cref="Local"/>; no header can change that, since anybody can send one.
/// </summary>
public static class Actors
{
    /// <summary>The person at the machine: whoever reaches the loopback interface owns the data folder anyway.</summary>
    public static Actor Local { get; } = new("local", Role.Admin);

    /// <summary>A caller who was asked, said nothing, and is at an address that is open to all.</summary>
    public static Actor Nobody { get; } = new("nobody", Role.None);

    public static Actor Of(HttpContext context) => context.Features.Get<Actor>() ?? Local;
}
