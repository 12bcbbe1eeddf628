using Slipway.Core.Errors;
using Slipway.Platform.Foundation;

namespace Slipway.Platform.Access;

public sealed class AccessService
{
    /// <param name="least">The lowest role that may do it.</param>
    /// <param name="objectRef">What it is done to, such as <c>experiment/flights</c>.</param>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Forbidden"/> naming actor, role and object.</exception>
    public void Require(Actor actor, Role least, string objectRef) => Require(actor, null, null, least, objectRef);

    /// <summary>The same for an object that belongs to a project and perhaps a model, whose grants count too.</summary>
    public void RequireIn(string project, string? model, Actor actor, Role least, string objectRef) =>
        Require(actor, project, model, least, objectRef);

    /// <summary>The same for an object that belongs to a model of a project that is not known here.</summary>
    public void RequireOn(string model, Actor actor, Role least, string objectRef) =>
        Require(actor, null, model, least, objectRef);

    /// <summary>The same for what is given for a scope itself, such as a feature view.</summary>
    public void RequireOn(AccessScope scope, Actor actor, Role least, string objectRef) =>
        Require(actor, scope.Project, scope.Model, least, objectRef, scope.View);

    /// <summary>Asking the model for predictions: the scope <c>predict</c> and the role of a viewer.</summary>
    /// <param name="project">The model's; null for one that belongs to none.</param>
    public void RequirePredict(string? project, string model, Actor actor)
    {
        if (!actor.MayPredict(project, model))
        {
            throw Refuse(actor, $"'{actor.Name}' may not ask the model '{model}' for predictions; this needs a viewer's role on it", "predict");
        }
    }

    private static void Require(Actor actor, string? project, string? model, Role least, string objectRef, string? view = null)
    {
        Limit.Name("An actor's name", actor.Name, Actor.MaxNameLength);
        if (!actor.May(least, project, model, view))
        {
            var role = EnumName.Of(actor.RoleIn(project ?? "", model, view));
            throw Refuse(
                actor, $"'{actor.Name}' has the role {role} on {objectRef}; this needs {EnumName.Of(least)}",
                EnumName.Of(ActingKey.ScopeOf(least)));
        }
    }

    private static SlipwayException Refuse(Actor actor, string message, string scope) => new(
        ErrorKind.Forbidden,
        actor.Key is { } key ? $"{message}, and a key with the scope {scope}; key {key.Id} has {ScopesOf(key)}." : $"{message}.");

    private static string ScopesOf(ActingKey key) => string.Join(", ", key.Scopes.Select(EnumName.Of));
}
