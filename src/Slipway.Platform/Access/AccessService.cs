using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Access;

public sealed class AccessService
{
    /// <param name="least">The lowest role that may do it.</param>
    /// <param name="objectRef">What it is done to, such as <c>experiment/flights</c>.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> naming actor, role and object.</exception>
    public void Require(Actor actor, Role least, string objectRef) => Require(actor, actor.Role, least, objectRef);

    /// <summary>The same for an object that belongs to a project and perhaps a model, whose grants count too.</summary>
    public void RequireIn(string project, string? model, Actor actor, Role least, string objectRef) =>
        Require(actor, actor.RoleIn(project, model), least, objectRef);

    private static void Require(Actor actor, Role role, Role least, string objectRef)
    {
        Limit.Name("An actor's name", actor.Name, Actor.MaxNameLength);
        if (role < least)
        {
            throw new SlipwayException(
                ErrorKind.Forbidden,
                $"'{actor.Name}' has the role {EnumName.Of(role)} on {objectRef}; this needs {EnumName.Of(least)}.");
        }
    }
}
