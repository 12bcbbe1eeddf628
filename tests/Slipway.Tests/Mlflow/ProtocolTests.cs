using System.Text.Json.Nodes;
using static Slipway.Tests.Mlflow.ExperimentCallTests;

namespace Slipway.Tests.Mlflow;

public sealed class ProtocolTests
{
    [Fact]
    public async Task The_server_says_what_it_is()
    {
        await using var server = await MlflowServer.StartAsync();
        Assert.Equal((200, "OK"), await server.SendAsync("GET", "/health"));
        Assert.Equal((200, "3.11.1"), await server.SendAsync("GET", "/version"));
        Assert.Equal(
            """{"store_type":"SqlStore","workspaces_enabled":false,"trace_archival_enabled":false}""",
            (await server.GetAsync("/api/3.0/mlflow/server-info")).ToJsonString());
    }

    [Theory]
    [InlineData("POST", "/api/3.0/mlflow/traces", "Traces are not part")]
    [InlineData("GET", "/api/3.0/mlflow/traces/tr-1", "Traces are not part")]
    [InlineData("POST", "/api/3.0/mlflow/datasets/create", "Evaluation datasets are not part")]
    [InlineData("POST", "/api/2.0/mlflow/webhooks", "Webhooks of the registry are not part")]
    [InlineData("GET", "/api/3.0/mlflow/scorers/list", "Scorers are not part")]
    [InlineData("POST", "/ajax-api/2.0/mlflow/graphql", "GraphQL")]
    [InlineData("GET", "/api/3.0/mlflow/workspaces", "Workspaces are turned off")]
    public async Task What_is_not_built_says_so(string method, string path, string message)
    {
        await using var server = await MlflowServer.StartAsync();
        AssertError(await server.SendAsync(method, path, method == "POST" ? "{}" : null), 501, "NOT_IMPLEMENTED", message);
    }

    [Fact]
    public async Task A_path_that_does_not_exist_is_an_error_in_the_protocols_shape()
    {
        await using var server = await MlflowServer.StartAsync();
        AssertError(await server.SendAsync("GET", "nothing/here"), 404, "ENDPOINT_NOT_FOUND", "There is nothing at /api/2.0/mlflow/nothing/here.");
        AssertError(await server.SendAsync("DELETE", "runs/get"), 404, "ENDPOINT_NOT_FOUND", "does not take DELETE");
    }

    [Fact]
    public async Task A_body_is_json_and_old_clients_encode_it_twice()
    {
        await using var server = await MlflowServer.StartAsync();
        AssertError(
            await server.SendAsync("POST", "experiments/create", "name=x", "application/x-www-form-urlencoded"), 400, "INVALID_PARAMETER_VALUE",
            "Content-Type must be one of ['application/json'].");
        var (status, _) = await server.SendAsync("POST", "experiments/create", "\"{\\\"name\\\": \\\"x\\\"}\"", "application/json; charset=utf-8");
        Assert.Equal(200, status);
        Assert.Equal("1", (string)(await server.GetAsync("experiments/get-by-name?experiment_name=x"))["experiment"]!["experiment_id"]!);
    }

    [Fact]
    public async Task A_logged_model_is_answered_as_the_protocol_says()
    {
        await using var server = await MlflowServer.StartAsync();
        var run = await server.StartRunAsync();
        var made = await server.PostAsync(
            "logged-models",
            $$"""{"experiment_id": "0", "name": "tree", "source_run_id": "{{run}}", "params": [{"key": "p", "value": "1"}], "tags": [{"key": "t", "value": "2"}]}""");
        var (id, time) = ((string)made["model"]!["info"]!["model_id"]!, (long)made["model"]!["info"]!["creation_timestamp_ms"]!);
        Assert.Equal(
            $$$$"""{"model":{"info":{"model_id":"{{{{id}}}}","experiment_id":"0","name":"tree","creation_timestamp_ms":{{{{time}}}},"last_updated_timestamp_ms":{{{{time}}}},"artifact_uri":"mlflow-artifacts:/0/models/{{{{id}}}}/artifacts","status":"LOGGED_MODEL_PENDING","model_type":"","source_run_id":"{{{{run}}}}","tags":[{"key":"t","value":"2"}]},"data":{"params":[{"key":"p","value":"1"}]}}}""",
            made.ToJsonString());

        await server.PostAsync(
            "runs/log-metric",
            $$"""{"run_id": "{{run}}", "key": "acc", "value": 0.5, "timestamp": 3, "step": 1, "model_id": "{{id}}", "dataset_name": "d", "dataset_digest": "1"}""");
        await server.CallAsync("PATCH", $"logged-models/{id}", """{"status": "LOGGED_MODEL_READY"}""");
        await server.PostAsync($"logged-models/{id}/params", """{"params": [{"key": "q", "value": "2"}]}""");
        Assert.Equal("{}", (await server.CallAsync("PATCH", $"logged-models/{id}/tags", """{"tags": [{"key": "a/b", "value": "3"}]}""")).ToJsonString());
        await server.CallAsync("DELETE", $"logged-models/{id}/tags/a%2Fb");
        var model = (await server.GetAsync($"/api/3.0/mlflow/logged-models/{id}"))["model"]!;
        Assert.Equal("LOGGED_MODEL_READY", (string)model["info"]!["status"]!);
        Assert.Equal(
            $$"""{"params":[{"key":"p","value":"1"},{"key":"q","value":"2"}],"metrics":[{"key":"acc","value":0.5,"timestamp":3,"step":1,"dataset_name":"d","dataset_digest":"1","model_id":"{{id}}","run_id":"{{run}}"}]}""",
            model["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Logged_models_are_searched_deleted_and_missed()
    {
        await using var server = await MlflowServer.StartAsync();
        var ids = new List<string>();
        foreach (var name in (string[])["a", "b", "c"])
        {
            ids.Add((string)(await server.PostAsync("logged-models", $$"""{"experiment_id": "0", "name": "{{name}}"}"""))["model"]!["info"]!["model_id"]!);
        }

        const string query = "\"experiment_ids\": [\"0\"], \"filter\": \"name != 'b'\", \"max_results\": 1, \"order_by\": [{\"field_name\": \"name\", \"ascending\": false}]";
        var first = await server.PostAsync("logged-models/search", $$"""{{{query}}}""");
        Assert.Equal("c", (string)first["models"]![0]!["info"]!["name"]!);
        var second = await server.PostAsync("logged-models/search", $$"""{{{query}}, "page_token": "{{first["next_page_token"]}}"}""");
        Assert.Equal("a", (string)second["models"]!.AsArray().Single()!["info"]!["name"]!);

        await server.CallAsync("DELETE", $"logged-models/{ids[0]}");
        AssertError(await server.SendAsync("GET", $"logged-models/{ids[0]}"), 404, "RESOURCE_DOES_NOT_EXIST", $"Logged model with ID '{ids[0]}' not found.");
        AssertError(await server.SendAsync("POST", "logged-models", """{"experiment_id": "0", "name": "a/b"}"""), 400, "INVALID_PARAMETER_VALUE", "'a/b'");
        AssertError(await server.SendAsync("PATCH", $"logged-models/{ids[1]}", "{}"), 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'status'.");
        Assert.Equal(2, (await server.PostAsync("logged-models/search", """{"experiment_ids": ["0"]}"""))["models"]!.AsArray().Count);
    }

    [Fact]
    public async Task Older_clients_log_models_into_a_tag()
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        var body = new JsonObject { ["run_id"] = id, ["model_json"] = """{"run_id": "x", "flavors": {}}""" }.ToJsonString();
        await server.PostAsync("runs/log-model", body);
        var tags = (await server.RunAsync(id))["data"]!["tags"]!.AsArray();
        Assert.Equal("""[{"run_id": "x", "flavors": {}}]""", (string)tags.Single(t => (string)t!["key"]! == "mlflow.log-model.history")!["value"]!);
    }
}
