using System.Globalization;
using System.Text.Json;
using Slipway.Core.Errors;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Search;

namespace Slipway.Protocols.Mlflow;

/// <summary>The calls below <c>registered-models</c>.</summary>
internal static class ModelCalls
{
    private const int DefaultPage = 100;

    /// <summary>A tag of this name puts a new model into a project, which the protocol has no field for.</summary>
    private const string ProjectTag = "slipway.project";

    public static void Map(MlflowRoutes routes)
    {
        const string root = "/mlflow/registered-models";
        routes.Post($"{root}/create", CreateAsync);
        routes.Get($"{root}/get", GetAsync);
        routes.Post($"{root}/rename", RenameAsync);
        routes.Patch($"{root}/update", UpdateAsync);
        routes.Delete($"{root}/delete", DeleteAsync);
        routes.Get($"{root}/search", SearchAsync);
        routes.Get($"{root}/get-latest-versions", LatestAsync);
        routes.Post($"{root}/get-latest-versions", LatestAsync);
        routes.Post($"{root}/set-tag", SetTagAsync);
        routes.Delete($"{root}/delete-tag", DeleteTagAsync);
        routes.Post($"{root}/alias", SetAliasAsync);
        routes.Get($"{root}/alias", GetByAliasAsync);
        routes.Delete($"{root}/alias", DeleteAliasAsync);
    }

    private static async Task CreateAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        var tags = Tags(call);
        var model = new NewModel(
            name, call.Text("description") ?? "", Tags: tags, Project: tags.GetValueOrDefault(ProjectTag, RegistryNames.DefaultProject),
            Governed: false); // its clients know no rules; a policy of the model or its project brings them
        var created = await Known(name, () => Registry(call).CreateModelAsync(call.Actor, model, call.Cancel));
        await AnswerAsync(call, created);
    }

    private static async Task GetAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        await AnswerAsync(call, await Known(name, () => Registry(call).GetModelAsync(call.Actor, name, call.Cancel)));
    }

    private static async Task RenameAsync(MlflowCall call)
    {
        var (name, newName) = (call.RequiredText("name"), call.RequiredText("new_name"));
        var renamed = await Known(name, () => Registry(call).RenameModelAsync(call.Actor, name, newName, call.Cancel), newName);
        await AnswerAsync(call, renamed);
    }

    private static async Task UpdateAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        var change = new ModelChange(call.Text("description"));
        await AnswerAsync(call, await Known(name, () => Registry(call).ChangeModelAsync(call.Actor, name, change, call.Cancel)));
    }

    private static async Task DeleteAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        await Known(name, () => Registry(call).DeleteModelAsync(call.Actor, name, call.Cancel));
        await call.AnswerAsync();
    }

    private static async Task SearchAsync(MlflowCall call)
    {
        var page = await call.Service<RegistrySearch>().ModelsAsync(
            call.Actor, call.Text("filter"), call.Texts("order_by"), PageToken(call), PageSize(call, DefaultPage, RegistrySearch.MaxModels), call.Cancel);
        var latest = await Registry(call).LatestVersionsAsync([.. page.Items.Select(model => model.Name)], call.Cancel);
        await call.AnswerAsync(json =>
        {
            ModelJson.Write(json, "registered_models", page.Items, model => ModelJson.Write(json, model, latest[model.Name]));
            WritePageToken(json, page.NextPageToken);
        });
    }

    private static async Task LatestAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        var stages = call.Texts("stages").Select(MlflowStage.Canonical).ToList();
        await Known(name, () => Registry(call).GetModelAsync(call.Actor, name, call.Cancel));
        var latest = (await Registry(call).LatestVersionsAsync([name], call.Cancel))[name];
        var wanted = ModelJson.Latest(latest).Where(version => stages.Count == 0 || stages.Contains(MlflowStage.Of(version.Stage)));
        await call.AnswerAsync(json =>
            ModelJson.Write(json, "model_versions", wanted, version => ModelJson.Write(json, version, withAliases: false)));
    }

    private static async Task SetTagAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        var tags = new Dictionary<string, string> { [call.RequiredText("key")] = call.Text("value") ?? "" };
        await Known(name, () => Registry(call).SetModelTagsAsync(call.Actor, name, tags, call.Cancel));
        await call.AnswerAsync();
    }

    private static async Task DeleteTagAsync(MlflowCall call)
    {
        var (name, key) = (call.RequiredText("name"), call.RequiredText("key"));
        await Known(name, () => Registry(call).DeleteModelTagAsync(call.Actor, name, key, call.Cancel));
        await call.AnswerAsync();
    }

    private static async Task SetAliasAsync(MlflowCall call)
    {
        var (name, alias) = (call.RequiredText("name"), call.RequiredText("alias"));
        var version = VersionCalls.Number(call);
        await VersionCalls.Known(name, version, () => Registry(call).SetAliasAsync(call.Actor, name, alias, version, call.Cancel));
        await call.AnswerAsync();
    }

    private static async Task GetByAliasAsync(MlflowCall call)
    {
        var (name, alias) = (call.RequiredText("name"), call.RequiredText("alias"));
        var model = await Known(name, () => Registry(call).GetModelAsync(call.Actor, name, call.Cancel));
        if (!model.Aliases.TryGetValue(alias, out var number))
        {
            throw MlflowException.Invalid($"Registered model alias {alias} not found.");
        }

        var version = await Registry(call).GetVersionAsync(call.Actor, name, number.ToString(CultureInfo.InvariantCulture), call.Cancel);
        await VersionCalls.AnswerAsync(call, version);
    }

    private static async Task DeleteAliasAsync(MlflowCall call)
    {
        var (name, alias) = (call.RequiredText("name"), call.RequiredText("alias"));
        var model = await Known(name, () => Registry(call).GetModelAsync(call.Actor, name, call.Cancel));
        if (model.Aliases.ContainsKey(alias))
        {
            await Registry(call).DeleteAliasAsync(call.Actor, name, alias, call.Cancel);
        }

        await call.AnswerAsync();
    }

    private static async Task AnswerAsync(MlflowCall call, RegisteredModel model)
    {
        var latest = await Registry(call).LatestVersionsAsync([model.Name], call.Cancel);
        await call.AnswerAsync(json =>
        {
            json.WritePropertyName("registered_model");
            ModelJson.Write(json, model, latest[model.Name]);
        });
    }

    public static Dictionary<string, string> Tags(MlflowCall call)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in call.Items("tags"))
        {
            tags[MlflowFields.RequiredText(tag, "key")] = MlflowFields.Text(tag, "value") ?? "";
        }

        return tags;
    }

    public static string? PageToken(MlflowCall call) => call.Text("page_token") is { Length: > 0 } token ? token : null;

    public static int PageSize(MlflowCall call, int usual, int most) => call.Integer("max_results") switch
    {
        null => usual,
        > 0 and var asked when asked <= most => (int)asked,
        var asked => throw MlflowException.Invalid(
            $"Invalid value for request parameter max_results. It must be a positive integer of at most {most}, but got value {asked}"),
    };

    public static void WritePageToken(Utf8JsonWriter json, string? token)
    {
        if (token is not null)
        {
            json.WriteString("next_page_token", token);
        }
    }

    /// <summary>The protocol's words for a model that is not there, or whose name is taken.</summary>
    public static async Task<T> Known<T>(string name, Func<Task<T>> ask, string? newName = null)
    {
        try
        {
            return await ask();
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.NotFound)
        {
            throw MlflowException.Missing($"Registered Model with name={name} not found");
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.Conflict)
        {
            throw new MlflowException(MlflowCode.ResourceAlreadyExists, $"Registered Model (name={newName ?? name}) already exists.");
        }
    }

    private static Task Known(string name, Func<Task> ask) => Known(name, async () =>
    {
        await ask();
        return true;
    });

    private static RegistryService Registry(MlflowCall call) => call.Service<RegistryService>();
}
