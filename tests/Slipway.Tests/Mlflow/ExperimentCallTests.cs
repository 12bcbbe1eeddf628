using System.Text.Json.Nodes;

namespace Slipway.Tests.Mlflow;

public sealed class ExperimentCallTests
{
    [Fact]
    public async Task Answers_are_indented_json_with_the_protocols_names_in_order()
    {
        await using var server = await MlflowServer.StartAsync();
        Assert.Equal(
            (200, "{\n  \"experiment_id\": \"1\"\n}"),
            await server.SendAsync("POST", "experiments/create", """{"name": "flights", "tags": [{"key": "team", "value": "ml"}], "unknown": 1}"""));
        var (_, text) = await server.SendAsync("GET", "experiments/get?experiment_id=1");
        var time = (long)JsonNode.Parse(text)!["experiment"]!["creation_time"]!;
        Assert.Equal(
            $$"""
            {
              "experiment": {
                "experiment_id": "1",
                "name": "flights",
                "artifact_location": "mlflow-artifacts:/1",
                "lifecycle_stage": "active",
                "last_update_time": {{time}},
                "creation_time": {{time}},
                "tags": [
                  {
                    "key": "team",
                    "value": "ml"
                  }
                ]
              }
            }
            """.ReplaceLineEndings("\n"),
            text);
        Assert.Equal((200, "{}"), await server.SendAsync("POST", "experiments/set-experiment-tag", """{"experiment_id": 1, "key": "a", "value": "b"}"""));
    }

    [Theory]
    [InlineData("/api/2.0/mlflow")]
    [InlineData("/api/3.0/mlflow")]
    [InlineData("/ajax-api/2.0/mlflow")]
    [InlineData("/ajax-api/3.0/mlflow")]
    public async Task Every_root_answers(string root)
    {
        await using var server = await MlflowServer.StartAsync();
        Assert.Equal("Default", (string)(await server.GetAsync($"{root}/experiments/get-by-name?experiment_name=Default"))["experiment"]!["name"]!);
    }

    [Fact]
    public async Task An_experiment_lives_dies_and_comes_back()
    {
        await using var server = await MlflowServer.StartAsync();
        await server.PostAsync("experiments/create", """{"name": "flights"}""");
        await server.PostAsync("experiments/update", """{"experiment_id": "1", "new_name": "delays"}""");
        await server.PostAsync("experiments/set-experiment-tag", """{"experiment_id": "1", "key": "a", "value": "b"}""");
        await server.PostAsync("experiments/delete-experiment-tag", """{"experiment_id": "1", "key": "a"}""");
        var run = await server.StartRunAsync("1");

        await server.PostAsync("experiments/delete", """{"experiment_id": "1"}""");
        Assert.Equal("deleted", (string)(await server.GetAsync("experiments/get?experiment_id=1"))["experiment"]!["lifecycle_stage"]!);
        Assert.Equal("deleted", (string)(await server.RunAsync(run))["info"]!["lifecycle_stage"]!);
        var taken = await server.SendAsync("POST", "experiments/create", """{"name": "delays"}""");
        AssertError(taken, 400, "RESOURCE_ALREADY_EXISTS", "Experiment 'delays' already exists in deleted state");
        AssertError(await server.SendAsync("POST", "experiments/delete", """{"experiment_id": "1"}"""), 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=1 exists");
        AssertError(
            await server.SendAsync("POST", "runs/create", """{"experiment_id": "1"}"""), 400, "INVALID_PARAMETER_VALUE",
            "The experiment 1 must be in the 'active' state");

        await server.PostAsync("experiments/restore", """{"experiment_id": "1"}""");
        AssertError(await server.SendAsync("POST", "experiments/restore", """{"experiment_id": "1"}"""), 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=1 exists");
        Assert.Equal("active", (string)(await server.RunAsync(run))["info"]!["lifecycle_stage"]!);
        AssertError(await server.SendAsync("POST", "experiments/create", """{"name": "delays"}"""), 400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=delays) already exists");
    }

    [Fact]
    public async Task Of_many_who_create_a_name_at_once_one_succeeds()
    {
        await using var server = await MlflowServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.SendAsync("POST", "experiments/create", """{"name": "flights"}""")));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.All(answers.Where(answer => answer.Status != 200), answer => AssertError(answer, 400, "RESOURCE_ALREADY_EXISTS", "Experiment(name=flights) already exists"));
    }

    [Fact]
    public async Task Experiments_are_searched_by_get_and_by_post_in_pages()
    {
        await using var server = await MlflowServer.StartAsync();
        foreach (var name in (string[])["b", "a", "c"])
        {
            await server.PostAsync("experiments/create", $$"""{"name": "{{name}}"}""");
        }

        var first = await server.GetAsync("experiments/search?max_results=2&order_by=name&order_by=experiment_id%20DESC&filter=name%20!%3D%20'Default'&view_type=ALL");
        Assert.Equal(["a", "b"], first["experiments"]!.AsArray().Select(e => (string)e!["name"]!));
        var token = (string)first["next_page_token"]!;
        var second = await server.PostAsync(
            "experiments/search",
            $$"""{"max_results": 2, "order_by": ["name", "experiment_id DESC"], "filter": "name != 'Default'", "view_type": 3, "page_token": "{{token}}"}""");
        Assert.Equal(["c"], second["experiments"]!.AsArray().Select(e => (string)e!["name"]!));
        Assert.Null(second["next_page_token"]);
        Assert.Equal("{}", (await server.PostAsync("experiments/search", """{"view_type": "DELETED_ONLY"}""")).ToJsonString());
        AssertError(
            await server.SendAsync("POST", "experiments/search", $$"""{"max_results": 2, "page_token": "{{token}}"}"""), 400, "INVALID_PARAMETER_VALUE",
            "The page token belongs to another query");
    }

    /// <param name="call">Method, path and body, with spaces between.</param>
    [Theory]
    [InlineData("POST experiments/create {}", "Missing value for required parameter 'name'. See the API docs for more information about request parameters.")]
    [InlineData("POST experiments/create", "Missing value for required parameter 'name'.")]
    [InlineData("POST experiments/create {\"name\": \"\"}", "Missing value for required parameter 'name'.")]
    [InlineData("POST experiments/create {\"name\": {\"a\": 1}}", "Invalid value {\"a\": 1} for parameter 'name' supplied")]
    [InlineData("POST experiments/create {\"name\": \"x\", \"tags\": [1]}", "got 1")]
    [InlineData("POST experiments/create {\"name\": \"x\", \"tags\": {}}", "Invalid value {} for parameter 'tags' supplied")]
    [InlineData("POST experiments/create {\"name\": \"x\", \"tags\": [{\"value\": \"1\"}]}", "Missing value for required parameter 'key'.")]
    [InlineData("POST experiments/create {\"name\": \"x\", \"tags\": [{\"key\": \"../x\", \"value\": \"1\"}]}", "'../x' is not allowed")]
    [InlineData("POST experiments/create {\"name\": \"x\", \"artifact_location\": \"/etc\"}", "The artifact location '/etc' is not allowed")]
    [InlineData("POST experiments/create {\"name\"", "The body is not JSON")]
    [InlineData("POST experiments/create [1]", "The body must be a JSON object; got array.")]
    [InlineData("GET experiments/get?experiment_id=abc", "must be a valid integer")]
    [InlineData("GET experiments/get?experiment_id=-1", "must be a valid integer")]
    [InlineData("GET experiments/get?experiment_id=99999999999999999999", "must be a valid integer")]
    [InlineData("GET experiments/get", "Missing value for required parameter 'experiment_id'.")]
    [InlineData("GET experiments/search?max_results=0", "Invalid value 0 for parameter 'max_results' supplied: It must be at least 1 and at most 50000.")]
    [InlineData("GET experiments/search?max_results=50001", "at most 50000")]
    [InlineData("GET experiments/search?max_results=x", "Invalid value x for parameter 'max_results' supplied")]
    [InlineData("GET experiments/search?view_type=SOME", "Invalid value \"SOME\" for parameter 'view_type' supplied: it is one of ACTIVE_ONLY, DELETED_ONLY, ALL.")]
    [InlineData("GET experiments/search?filter=name%20~%20'x'", "'~' at character 6")]
    [InlineData("GET experiments/search?page_token=abc", "The page token belongs to another query")]
    public async Task What_is_wrong_is_said_with_status_400(string call, string message)
    {
        await using var server = await MlflowServer.StartAsync();
        var parts = call.Split(' ', 3);
        AssertError(await server.SendAsync(parts[0], parts[1], parts.ElementAtOrDefault(2)), 400, "INVALID_PARAMETER_VALUE", message);
        Assert.Single((await server.GetAsync("experiments/search"))["experiments"]!.AsArray());
    }

    [Fact]
    public async Task A_name_of_500_characters_fits_and_one_more_is_refused()
    {
        await using var server = await MlflowServer.StartAsync();
        await server.PostAsync("experiments/create", $$"""{"name": "{{new string('n', 500)}}"}""");
        AssertError(
            await server.SendAsync("POST", "experiments/create", $$"""{"name": "{{new string('n', 501)}}"}"""), 400, "INVALID_PARAMETER_VALUE",
            "exceeds the maximum length of 500 characters");
    }

    [Theory]
    [InlineData("GET", "experiments/get?experiment_id=77", "No Experiment with id=77 exists")]
    [InlineData("GET", "experiments/get-by-name?experiment_name=x", "Could not find experiment with name 'x'")]
    public async Task What_does_not_exist_is_404(string method, string path, string message)
    {
        await using var server = await MlflowServer.StartAsync();
        AssertError(await server.SendAsync(method, path), 404, "RESOURCE_DOES_NOT_EXIST", message);
    }

    internal static void AssertError((int Status, string Body) answer, int status, string code, string message)
    {
        Assert.True(answer.Status == status, $"{answer.Status}: {answer.Body}");
        var error = JsonNode.Parse(answer.Body)!;
        Assert.Equal(code, (string)error["error_code"]!);
        Assert.Contains(message, (string)error["message"]!, StringComparison.Ordinal);
    }
}
