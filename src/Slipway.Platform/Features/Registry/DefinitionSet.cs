using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Features.Definitions;

namespace Slipway.Platform.Features.Registry;

/// <summary>A definition of a repository with its content hash, ready to be compared with what is stored.</summary>
/// <param name="Json">With what people wrote about it, but not where it stands in a file.</param>
internal sealed record DefinitionSet(DefinitionKind Kind, string Name, string Hash, string Json)
{
    public static List<DefinitionSet> Of(FeatureRepository repository) =>
    [
        .. repository.Entities.Select(entity => Create(
            DefinitionKind.Entity, entity.Name, Hashed(entity with { Notes = new Notes("") }), entity with { Notes = Bare(entity.Notes) })),
        .. repository.Views.Select(view => Create(DefinitionKind.View, view.Name, DefinitionHash.Of(repository, view), Bare(view))),
        .. repository.Services.Select(service => Create(
            DefinitionKind.Service, service.Name, DefinitionHash.Of(repository, service),
            service with { Notes = Bare(service.Notes), Features = [.. service.Features.Select(Bare)] })),
    ];

    private static FeatureViewDefinition Bare(FeatureViewDefinition view) => view with
    {
        Notes = Bare(view.Notes),
        Version = null,
        From = [.. view.From.Select(Bare)],
        Source = view.Source is null ? null : view.Source with { Source = view.Source.Source with { Notes = Bare(view.Source.Source.Notes) } },
    };

    private static FeatureSelection Bare(FeatureSelection selection) => selection with { Origin = "" };

    private static Notes Bare(Notes notes) => notes with { Origin = "" };

    private static DefinitionSet Create<T>(DefinitionKind kind, string name, string hash, T definition) =>
        new(kind, name, hash, Foundation.Json.Write(definition));

    private static string Hashed<T>(T definition) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Foundation.Json.Write(definition))));
}
