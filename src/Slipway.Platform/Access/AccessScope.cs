using Slipway.Core.Errors;

namespace Slipway.Platform.Access;

/// <summary>What a grant or a policy is about: a project, or a model.</summary>
public readonly record struct AccessScope
{
    public const int MaxNameLength = 500;

    private AccessScope(string? project, string? model) => (Project, Model) = (project, model);

    public string? Project { get; }

    public string? Model { get; }

    public static AccessScope OfProject(string name) => new(Checked("A project's name", name), null);

    public static AccessScope OfModel(string name) => new(null, Checked("A model's name", name));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/>: it is neither <c>project/NAME</c> nor <c>model/NAME</c>.</exception>
    public static AccessScope Parse(string? text) => text?.Split('/', 2) switch
    {
        ["project", var name] => OfProject(name),
        ["model", var name] => OfModel(name),
        _ => throw SlipwayException.Invalid($"'{text}' is not a scope; use project/NAME or model/NAME."),
    };

    public override string ToString() => Project is null ? $"model/{Model}" : $"project/{Project}";

    private static string Checked(string what, string name)
    {
        Limit.Name(what, name, MaxNameLength);
        return name;
    }
}
