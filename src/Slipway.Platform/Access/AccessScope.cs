using Slipway.Core.Errors;

namespace Slipway.Platform.Access;

/// <summary>What a grant is about: a project, a model, or a feature view; a policy is about one of the first two.</summary>
public readonly record struct AccessScope
{
    public const int MaxNameLength = 500;

    private AccessScope(string? project, string? model, string? view) => (Project, Model, View) = (project, model, view);

    public string? Project { get; }

    public string? Model { get; }

    /// <summary>A feature view, in all of its versions.</summary>
    public string? View { get; }

    public static AccessScope OfProject(string name) => new(Checked("A project's name", name), null, null);

    public static AccessScope OfModel(string name) => new(null, Checked("A model's name", name), null);

    public static AccessScope OfView(string name) => new(null, null, Checked("A feature view's name", name));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>: it is none of <c>project/NAME</c>, <c>model/NAME</c> and <c>view/NAME</c>.</exception>
    public static AccessScope Parse(string? text) => text?.Split('/', 2) switch
    {
        ["project", var name] => OfProject(name),
        ["model", var name] => OfModel(name),
        ["view", var name] => OfView(name),
        _ => throw SlipwayException.Invalid($"'{text}' is not a scope; use project/NAME, model/NAME or view/NAME."),
    };

    public override string ToString() => Project is not null ? $"project/{Project}" : Model is not null ? $"model/{Model}" : $"view/{View}";

    private static string Checked(string what, string name)
    {
        Limit.Name(what, name, MaxNameLength);
        return name;
    }
}
