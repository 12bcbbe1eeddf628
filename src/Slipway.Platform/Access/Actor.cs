using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Slipway.Platform.Access;

/// <summary>Who acts: a person, or a part of the server such as <c>pipeline/retrain</c>.</summary>
/// <param name="Role">Held everywhere; as far as the key in use allows it.</param>
/// <param name="Grants">Roles held beyond it, by scope (<c>project/NAME</c>, <c>model/NAME</c> or <c>view/NAME</c>); as far as the key allows them.</param>
public sealed record Actor(string Name, Role Role, IReadOnlyDictionary<string, Role>? Grants = null)
{
    public const int MaxNameLength = 250;

    /// <summary>The API key in use, whose scopes narrow the roles; null for everybody who uses none.</summary>
    public ActingKey? Key { get; private init; }

    /// <summary>When the token that vouches for the actor ends; null where there is none. What is made with it lives no longer.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The same without the key's narrowing.</summary>
    private Actor? Owner { get; init; }

    /// <summary>Whether there is any project or model, or the whole server, that it may read.</summary>
    public bool ReadsSomewhere => Role >= Role.Viewer || (Grants?.Values.Any(role => role >= Role.Viewer) ?? false);

    /// <summary>Whether it may ask some model for predictions; which ones says <see cref="MayPredict"/>.</summary>
    public bool PredictsSomewhere => Has(KeyScope.Predict) && (Owner ?? this).ReadsSomewhere;

    /// <summary>The highest role that any of the scopes, or none, gives; never more than the key allows.</summary>
    /// <param name="model">Null where the object belongs to no model.</param>
    public Role RoleIn(string project, string? model = null, string? view = null) => HighestIn(project, model, view);

    /// <summary>
    /// The exact question: the role is held and the key has the scope for it. A key for approving alone may approve and not
    /// write, which the ladder of roles cannot say; <see cref="RoleIn"/> then answers with the lower step.
    /// </summary>
    /// <param name="project">Null asks for a role on the whole server or on the model.</param>
    /// <param name="view">A feature view; views belong to no project.</param>
    public bool May(Role least, string? project = null, string? model = null, string? view = null) =>
        Role >= least || HighestIn(project, model, view) >= least
        || (Key is not null && Has(ActingKey.ScopeOf(least)) && Owner!.HighestIn(project, model, view) >= least);

    /// <summary>Asking for predictions takes the scope <c>predict</c> and, on the model or in its project, the role of a viewer.</summary>
    /// <param name="project">Null where it is not known, or asks for every project.</param>
    /// <param name="model">Null asks for every model.</param>
    public bool MayPredict(string? project, string? model) =>
        Has(KeyScope.Predict) && (Owner ?? this).HighestIn(project, model) >= Role.Viewer;

    /// <summary>The same actor, narrowed to what the key is for.</summary>
    public Actor Using(ActingKey key)
    {
        var most = key.HighestRole;
        return new Actor(Name, Min(Role, most), Grants?.ToDictionary(grant => grant.Key, grant => Min(grant.Value, most)))
        {
            Key = key,
            Owner = this,
        };
    }

    /// <summary>Lets an endpoint take an actor as a parameter; see <see cref="Actors.Of"/>.</summary>
    public static ValueTask<Actor?> BindAsync(HttpContext context, ParameterInfo parameter) => new(Actors.Of(context));

    private bool Has(KeyScope scope) => Key is null || Key.Scopes.Contains(scope);

    private Role HighestIn(string? project, string? model, string? view = null)
    {
        var role = Role;
        if (Grants is not null)
        {
            role = project is null ? role : Higher(role, $"project/{project}");
            role = model is null ? role : Higher(role, $"model/{model}");
            role = view is null ? role : Higher(role, $"view/{view}");
        }

        return role;
    }

    private Role Higher(Role role, string scope) => Grants!.TryGetValue(scope, out var granted) && granted > role ? granted : role;

    private static Role Min(Role left, Role right) => left < right ? left : right;
}

/// <summary>What an API key may be used for, whatever the role of its owner.</summary>
public enum KeyScope
{
    Read,

    /// <summary>Includes <see cref="Read"/>.</summary>
    Write,

    /// <summary>Deciding on approvals. Includes <see cref="Read"/>, and not <see cref="Write"/>.</summary>
    Approve,

    /// <summary>Includes all others.</summary>
    Admin,

    /// <summary>Asking models for predictions, and nothing else.</summary>
    Predict,
}

/// <summary>The part of an API key that goes with a request.</summary>
/// <param name="Scopes">With those that they include.</param>
public sealed record ActingKey(string Id, IReadOnlyList<KeyScope> Scopes, long? ExpiresMs)
{
    /// <summary>The highest step of the ladder of roles with no scope missing below it.</summary>
    public Role HighestRole
    {
        get
        {
            var role = Role.None;
            while (role < Role.Admin && Scopes.Contains(ScopeOf(role + 1)))
            {
                role++;
            }

            return role;
        }
    }

    /// <summary>What a key must be for to use the role.</summary>
    public static KeyScope ScopeOf(Role role) => role switch
    {
        Role.Contributor => KeyScope.Write,
        Role.Approver => KeyScope.Approve,
        Role.Admin => KeyScope.Admin,
        _ => KeyScope.Read,
    };
}
