using System.Globalization;
using Slipway.Core.Errors;
using Slipway.Platform.Registry;
using Slipway.Platform.Registry.Search;
using Slipway.Platform.Registry.Sources;

namespace Slipway.Protocols.Mlflow;

/// <summary>The calls below <c>model-versions</c>.</summary>
internal static class VersionCalls
{
    private const int DefaultPage = 10_000;

    public static void Map(MlflowRoutes routes)
    {
        const string root = "/mlflow/model-versions";
        routes.Post($"{root}/create", CreateAsync);
        routes.Get($"{root}/get", GetAsync);
        routes.Patch($"{root}/update", UpdateAsync);
        routes.Delete($"{root}/delete", DeleteAsync);
        routes.Get($"{root}/search", SearchAsync);
        routes.Get($"{root}/get-download-uri", DownloadUriAsync);
        routes.Post($"{root}/transition-stage", TransitionAsync);
        routes.Post($"{root}/set-tag", SetTagAsync);
        routes.Delete($"{root}/delete-tag", DeleteTagAsync);
    }

    private static async Task CreateAsync(MlflowCall call)
    {
        var name = call.RequiredText("name");
        var version = new NewVersion(name)
        {
            Source = call.RequiredText("source"),
            RunId = call.Text("run_id"),
            RunLink = call.Text("run_link") ?? "",
            ModelId = call.Text("model_id"),
            Description = call.Text("description") ?? "",
            Tags = ModelCalls.Tags(call),
        };
        await ModelCalls.Known(name, () => Registry(call).GetModelAsync(call.Actor, name, call.Cancel));
        await AnswerAsync(call, await call.Service<ModelImport>().FromSourceAsync(call.Actor, version, call.Cancel));
    }

    private static async Task GetAsync(MlflowCall call)
    {
        var (name, number) = (call.RequiredText("name"), Number(call));
        await AnswerAsync(call, await Known(name, number, () => Registry(call).GetVersionAsync(call.Actor, name, number, call.Cancel)));
    }

    private static async Task UpdateAsync(MlflowCall call)
    {
        var (name, number) = (call.RequiredText("name"), Number(call));
        var change = new VersionChange(call.Text("description"));
        await AnswerAsync(
            call, await Known(name, number, () => Registry(call).ChangeVersionAsync(call.Actor, name, number, change, call.Cancel)));
    }

    private static async Task DeleteAsync(MlflowCall call)
    {
        var (name, number) = (call.RequiredText("name"), Number(call));
        await Known(name, number, () => Registry(call).DeleteVersionAsync(call.Actor, name, number, call.Cancel));
        await call.AnswerAsync();
    }

    private static async Task SearchAsync(MlflowCall call)
    {
        var size = ModelCalls.PageSize(call, DefaultPage, RegistrySearch.MaxVersions);
        var page = await call.Service<RegistrySearch>().VersionsAsync(
            call.Actor, call.Text("filter"), call.Texts("order_by"), ModelCalls.PageToken(call), size, call.Cancel);
        await call.AnswerAsync(json =>
        {
            ModelJson.Write(json, "model_versions", page.Items, version => ModelJson.Write(json, version, withAliases: false));
            ModelCalls.WritePageToken(json, page.NextPageToken);
        });
    }

    private static async Task DownloadUriAsync(MlflowCall call)
    {
        var (name, number) = (call.RequiredText("name"), Number(call));
        await Known(name, number, () => Registry(call).GetVersionAsync(call.Actor, name, number, call.Cancel));
        var uri = await call.Service<VersionPlaces>().DownloadUriAsync(call.Actor, name, number, call.Cancel);
        await call.AnswerAsync(json => json.WriteString("artifact_uri", uri));
    }

    private static async Task TransitionAsync(MlflowCall call)
    {
        var (name, number, stage) = (call.RequiredText("name"), Number(call), MlflowStage.Canonical(call.RequiredText("stage")));
        var archive = call.Flag("archive_existing_versions") ?? false;
        if (archive && stage is not ("Staging" or "Production"))
        {
            throw MlflowException.Invalid(
                $"Model version transition cannot archive existing model versions because '{stage}' is not an Active stage. Valid stages are Staging and Production");
        }

        var moved = await Known(name, number, async () =>
        {
            var version = await Registry(call).GetVersionAsync(call.Actor, name, number, call.Cancel);
            return await Registry(call).AdvanceAsync(
                call.Actor, name, version.Number, MlflowStage.Parse(stage, version.Stage), archive, call.Cancel);
        });
        await AnswerAsync(call, moved);
    }

    private static async Task SetTagAsync(MlflowCall call)
    {
        var (name, number) = (call.RequiredText("name"), Number(call));
        var tags = new Dictionary<string, string> { [call.RequiredText("key")] = call.Text("value") ?? "" };
        await Known(name, number, () => Registry(call).SetVersionTagsAsync(call.Actor, name, number, tags, call.Cancel));
        await call.AnswerAsync();
    }

    private static async Task DeleteTagAsync(MlflowCall call)
    {
        var (name, number, key) = (call.RequiredText("name"), Number(call), call.RequiredText("key"));
        await Known(name, number, () => Registry(call).DeleteVersionTagAsync(call.Actor, name, number, key, call.Cancel));
        await call.AnswerAsync();
    }

    public static Task AnswerAsync(MlflowCall call, ModelVersion version) => call.AnswerAsync(json =>
    {
        json.WritePropertyName("model_version");
        ModelJson.Write(json, version, withAliases: true);
    });

    /// <summary>The protocol names versions by number alone.</summary>
    public static string Number(MlflowCall call)
    {
        var text = call.RequiredText("version");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : throw MlflowException.Invalid($"Model version must be an integer, got '{text}'");
    }

    /// <summary>The protocol's words for a version that is not there.</summary>
    public static async Task<T> Known<T>(string name, string number, Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (SlipwayException failure) when (failure.Kind == ErrorKind.NotFound)
        {
            throw MlflowException.Missing($"Model Version (name={name}, version={number}) not found");
        }
    }

    public static Task Known(string name, string number, Func<Task> ask) => Known(name, number, async () =>
    {
        await ask();
        return true;
    });

    private static RegistryService Registry(MlflowCall call) => call.Service<RegistryService>();
}
