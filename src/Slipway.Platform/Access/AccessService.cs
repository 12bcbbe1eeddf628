using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Access;

public sealed class AccessService
{
    /// <param name="least">The lowest role that may do it.</param>
    /// <param name="objectRef">What it is done to, such as <c>experiment/flights</c>.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> naming actor, role and object.</exception>
    public void Require(Actor actor, Role least, string objectRef)
    {
        Limit.Name("An actor's name", actor.Name, Actor.MaxNameLength);
        if (actor.Role < least)
        {
            throw new SlipwayException(
                ErrorKind.Forbidden,
                $"'{actor.Name}' has the role {EnumName.Of(actor.Role)}; changing {objectRef} needs {EnumName.Of(least)}.");
        }
    }
}
