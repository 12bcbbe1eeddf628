using System.Text.Json.Nodes;
using static Slipway.Tests.Mlflow.ExperimentCallTests;

namespace Slipway.Tests.Mlflow;

public sealed class RunCallTests
{
    [Fact]
    public async Task A_run_is_answered_as_the_protocol_says()
    {
        await using var server = await MlflowServer.StartAsync();
        var made = await server.PostAsync(
            "runs/create", """{"experiment_id": "0", "user_id": "u", "run_name": "r1", "start_time": 5, "tags": [{"key": "t", "value": ""}]}""");
        var id = (string)made["run"]!["info"]!["run_id"]!;
        Assert.Matches("^[0-9a-f]{32}$", id);
        var info = $$"""
            "run_uuid":"{{id}}","experiment_id":"0","run_name":"r1","user_id":"u","status":"RUNNING","start_time":5,"artifact_uri":"mlflow-artifacts:/0/{{id}}/artifacts","lifecycle_stage":"active","run_id":"{{id}}"
            """.Trim();
        const string tags = "\"tags\":[{\"key\":\"mlflow.runName\",\"value\":\"r1\"},{\"key\":\"t\",\"value\":\"\"}]";
        Assert.Equal($$$$"""{"run":{"info":{{{{{info}}}}},"data":{{{{{tags}}}}},"inputs":{}}}""", made.ToJsonString());
        await server.PostAsync("runs/log-metric", $$"""{"run_uuid": "{{id}}", "key": "loss", "value": 0.5, "timestamp": 7, "step": 1}""");
        await server.PostAsync("runs/log-parameter", $$"""{"run_id": "{{id}}", "key": "lr", "value": "0.1"}""");
        Assert.Equal(
            $$$"""{"info":{{{{info}}}},"data":{"metrics":[{"key":"loss","value":0.5,"timestamp":7,"step":1}],"params":[{"key":"lr","value":"0.1"}],{{{tags}}}},"inputs":{},"outputs":{}}""",
            (await server.RunAsync(id)).ToJsonString());
        var updated = await server.PostAsync("runs/update", $$"""{"run_id": "{{id}}", "run_uuid": "{{id}}", "status": "FINISHED", "end_time": 9}""");
        Assert.Equal(
            "{\"run_info\":{" + info.Replace("RUNNING", "FINISHED", StringComparison.Ordinal).Replace("\"start_time\":5", "\"start_time\":5,\"end_time\":9", StringComparison.Ordinal) + "}}",
            updated.ToJsonString());
    }

    [Theory]
    [InlineData("\"RUNNING\"", "RUNNING")]
    [InlineData("2", "SCHEDULED")]
    [InlineData("\"KILLED\"", "KILLED")]
    [InlineData("4", "FAILED")]
    public async Task A_run_that_ended_takes_any_status(string sent, string status)
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        await server.PostAsync("runs/update", $$"""{"run_id": "{{id}}", "status": "FINISHED", "end_time": 9}""");
        Assert.Equal(status, (string)(await server.PostAsync("runs/update", $$"""{"run_id": "{{id}}", "status": {{sent}}}"""))["run_info"]!["status"]!);
    }

    [Fact]
    public async Task A_deleted_run_is_read_and_not_written()
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        await server.PostAsync("runs/delete", $$"""{"run_id": "{{id}}"}""");
        Assert.Equal("deleted", (string)(await server.RunAsync(id))["info"]!["lifecycle_stage"]!);
        foreach (var (path, more) in ((string, string)[])
            [
                ("runs/log-metric", "\"key\": \"m\", \"value\": 1, \"timestamp\": 1"), ("runs/log-parameter", "\"key\": \"p\", \"value\": \"1\""),
                ("runs/set-tag", "\"key\": \"t\", \"value\": \"1\""), ("runs/log-batch", "\"tags\": [{\"key\": \"t\", \"value\": \"1\"}]"),
                ("runs/update", "\"run_name\": \"x\""), ("runs/delete-tag", "\"key\": \"mlflow.runName\""), ("runs/log-model", "\"model_json\": \"{}\""),
            ])
        {
            AssertError(
                await server.SendAsync("POST", path, $$"""{"run_id": "{{id}}", {{more}}}"""), 400, "INVALID_PARAMETER_VALUE",
                $"The run {id} must be in the 'active' state");
        }

        await server.PostAsync("runs/restore", $$"""{"run_id": "{{id}}"}""");
        await server.PostAsync("runs/set-tag", $$"""{"run_id": "{{id}}", "key": "t", "value": "1"}""");
        await server.PostAsync("runs/delete-tag", $$"""{"run_id": "{{id}}", "key": "t"}""");
        AssertError(
            await server.SendAsync("POST", "runs/delete-tag", $$"""{"run_id": "{{id}}", "key": "t"}"""), 404, "RESOURCE_DOES_NOT_EXIST",
            $"No tag with name: t in run with id {id}");
    }

    [Theory]
    [InlineData("0.1", "0.1")]
    [InlineData("-3", "-3")]
    [InlineData("\"1.5\"", "1.5")]
    [InlineData("true", "1")]
    [InlineData("NaN", "\"NaN\"")]
    [InlineData("\"NaN\"", "\"NaN\"")]
    [InlineData("Infinity", "\"Infinity\"")]
    [InlineData("\"-Infinity\"", "\"-Infinity\"")]
    [InlineData("1e400", "\"Infinity\"")]
    [InlineData("4.9e-324", "5E-324")]
    public async Task A_metric_takes_every_number_there_is(string sent, string answered)
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        await server.PostAsync("runs/log-metric", $$"""{"run_id": "{{id}}", "key": "m", "value": {{sent}}, "timestamp": "7"}""");
        Assert.Equal(answered, (await server.RunAsync(id))["data"]!["metrics"]![0]!["value"]!.ToJsonString());
        Assert.Equal(answered, (await server.GetAsync($"metrics/get-history?run_uuid={id}&metric_key=m"))["metrics"]![0]!["value"]!.ToJsonString());
    }

    [Theory]
    [InlineData("runs/log-metric", "\"key\": \"m\", \"value\": null, \"timestamp\": 1", "Missing value for required parameter 'value'.")]
    [InlineData("runs/log-metric", "\"key\": \"m\", \"timestamp\": 1", "Missing value for required parameter 'value'.")]
    [InlineData("runs/log-metric", "\"key\": \"m\", \"value\": \"many\", \"timestamp\": 1", "Invalid value \"many\" for parameter 'value' supplied")]
    [InlineData("runs/log-metric", "\"key\": \"m\", \"value\": 1", "Missing value for required parameter 'timestamp'.")]
    [InlineData("runs/log-metric", "\"key\": \"m\", \"value\": 1, \"timestamp\": 1.5", "Invalid value 1.5 for parameter 'timestamp' supplied")]
    [InlineData("runs/log-metric", "\"key\": \"m\", \"value\": 1, \"timestamp\": 1, \"step\": \"x\"", "Invalid value \"x\" for parameter 'step' supplied")]
    [InlineData("runs/log-metric", "\"key\": \"a//b\", \"value\": 1, \"timestamp\": 1", "'a//b' is not allowed")]
    [InlineData("runs/log-metric", "\"key\": \"/a\", \"value\": 1, \"timestamp\": 1", "'/a' is not allowed")]
    [InlineData("runs/log-metric", "\"key\": \"a%b\", \"value\": 1, \"timestamp\": 1", "'a%b' is not allowed")]
    [InlineData("runs/log-parameter", "\"value\": \"1\"", "Missing value for required parameter 'key'.")]
    [InlineData("runs/log-batch", "\"params\": [{\"key\": \"p\", \"value\": \"1\"}, {\"key\": \"p\", \"value\": \"2\"}]", "Duplicate parameter keys have been submitted: 'p'")]
    [InlineData("runs/log-batch", "\"metrics\": [{\"key\": \"ok\", \"value\": 1, \"timestamp\": 1}, {\"key\": \"m\", \"value\": 1}]", "Missing value for required parameter 'timestamp'.")]
    [InlineData("runs/log-batch", "\"metrics\": [{\"key\": \"ok\", \"value\": 1, \"timestamp\": 1}], \"params\": [{\"key\": \"..\", \"value\": \"1\"}]", "'..' is not allowed")]
    [InlineData("runs/log-batch", "\"metrics\": [7]", "got 7")]
    [InlineData("runs/log-batch", "\"metrics\": \"7\"", "Invalid value \"7\" for parameter 'metrics' supplied")]
    [InlineData("runs/update", "\"status\": \"DONE\"", "Invalid value \"DONE\" for parameter 'status' supplied: it is one of RUNNING, SCHEDULED")]
    [InlineData("runs/log-inputs", "\"datasets\": [{\"tags\": []}]", "Missing value for required parameter 'dataset'.")]
    [InlineData("runs/log-inputs", "\"datasets\": [{\"dataset\": {\"name\": \"d\", \"source\": \"s\"}}]", "Missing value for required parameter 'digest'.")]
    [InlineData("runs/log-model", "\"model_json\": \"{\"", "Malformed model info")]
    public async Task What_is_wrong_is_said_and_nothing_of_the_call_is_stored(string path, string fields, string message)
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        var before = (await server.RunAsync(id)).ToJsonString();
        AssertError(await server.SendAsync("POST", path, $$"""{"run_id": "{{id}}", {{fields}}}"""), 400, "INVALID_PARAMETER_VALUE", message);
        Assert.Equal(before, (await server.RunAsync(id)).ToJsonString());
    }

    [Theory]
    [InlineData("GET", "runs/get?run_id=00000000000000000000000000000000", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=00000000000000000000000000000000 not found")]
    [InlineData("GET", "runs/get", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'.")]
    [InlineData("GET", "runs/get?run_id=../x", 400, "INVALID_PARAMETER_VALUE", "Invalid run ID: '../x'")]
    [InlineData("GET", "metrics/get-history?run_id=gone&metric_key=m", 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=gone not found")]
    [InlineData("GET", "metrics/get-history-bulk-interval?run_ids=a&metric_key=m&start_step=1", 400, "INVALID_PARAMETER_VALUE", "both must be specified")]
    [InlineData("GET", "metrics/get-history-bulk-interval?run_ids=a&metric_key=m&max_results=2501", 400, "INVALID_PARAMETER_VALUE", "at most 2500")]
    public async Task A_run_that_does_not_exist_or_cannot_is_told(string method, string path, int status, string code, string message)
    {
        await using var server = await MlflowServer.StartAsync();
        AssertError(await server.SendAsync(method, path), status, code, message);
    }

    [Fact]
    public async Task A_batch_over_a_limit_is_refused_whole()
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        string Batch(int metrics, int values) => new JsonObject
        {
            ["run_id"] = id,
            ["metrics"] = new JsonArray([.. Enumerable.Range(0, metrics).Select(i => new JsonObject { ["key"] = "m", ["value"] = i, ["timestamp"] = 1, ["step"] = i })]),
            ["params"] = new JsonArray([.. Enumerable.Range(0, values).Select(i => new JsonObject { ["key"] = $"p{i}", ["value"] = "v" })]),
        }.ToJsonString();
        AssertError(await server.SendAsync("POST", "runs/log-batch", Batch(1001, 0)), 400, "INVALID_PARAMETER_VALUE", "A batch logging request can contain at most 1000 metrics. Got 1001 metrics.");
        AssertError(await server.SendAsync("POST", "runs/log-batch", Batch(0, 101)), 400, "INVALID_PARAMETER_VALUE", "A batch logging request can contain at most 100 params. Got 101 params.");
        AssertError(await server.SendAsync("POST", "runs/log-batch", Batch(950, 60)), 400, "INVALID_PARAMETER_VALUE", "at most 1000 metrics, params and tags together");
        var big = $$"""{"run_id": "{{id}}", "tags": [{"key": "t", "value": "{{new string('x', 1_000_000)}}"}]}""";
        AssertError(await server.SendAsync("POST", "runs/log-batch", big), 400, "INVALID_PARAMETER_VALUE", "must be at most 1000000 bytes");
        Assert.Null((await server.RunAsync(id))["data"]!["metrics"]);
        await server.PostAsync("runs/log-batch", Batch(900, 100));
        await server.PostAsync("runs/log-batch", Batch(900, 100));
        Assert.Equal(900, (await server.GetAsync($"metrics/get-history?run_id={id}&metric_key=m"))["metrics"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_param_keeps_its_value()
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        await server.PostAsync("runs/log-parameter", $$"""{"run_id": "{{id}}", "key": "p", "value": "1"}""");
        await server.PostAsync("runs/log-parameter", $$"""{"run_id": "{{id}}", "key": "p", "value": "1"}""");
        AssertError(
            await server.SendAsync("POST", "runs/log-parameter", $$"""{"run_id": "{{id}}", "key": "p", "value": "2"}"""), 400, "INVALID_PARAMETER_VALUE",
            $"Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='{id}'.");
    }

    [Fact]
    public async Task Values_that_are_too_long_are_cut_and_keys_refused()
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        await server.PostAsync("runs/log-parameter", $$"""{"run_id": "{{id}}", "key": "p", "value": "{{new string('x', 6001)}}"}""");
        await server.PostAsync("runs/set-tag", $$"""{"run_id": "{{id}}", "key": "t", "value": "{{new string('x', 7999)}}\ud83d\ude00"}""");
        var data = (await server.RunAsync(id))["data"]!;
        Assert.Equal(6000, ((string)data["params"]![0]!["value"]!).Length);
        Assert.Equal(new string('x', 7999), (string)data["tags"]!.AsArray().Single(t => (string)t!["key"]! == "t")!["value"]!);
        AssertError(
            await server.SendAsync("POST", "runs/set-tag", $$"""{"run_id": "{{id}}", "key": "{{new string('k', 251)}}", "value": ""}"""), 400,
            "INVALID_PARAMETER_VALUE", "A tag key exceeds the maximum length of 250 characters; it has 251.");
    }

    [Fact]
    public async Task Datasets_and_models_of_a_run_are_answered()
    {
        await using var server = await MlflowServer.StartAsync();
        var id = await server.StartRunAsync();
        var model = (string)(await server.PostAsync("logged-models", """{"experiment_id": "0", "name": "m"}"""))["model"]!["info"]!["model_id"]!;
        await server.PostAsync(
            "runs/log-inputs",
            $$$"""
            {"run_id": "{{{id}}}", "models": [{"model_id": "{{{model}}}"}], "datasets": [{"tags": [{"key": "mlflow.data.context", "value": "train"}, {"key": "x", "value": "y"}],
              "dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "s", "schema": "{}", "profile": "p"}}]}
            """);
        await server.PostAsync("runs/outputs", $$"""{"run_id": "{{id}}", "models": [{"model_id": "{{model}}", "step": 3}]}""");
        var run = await server.RunAsync(id);
        Assert.Equal(
            $$$"""{"dataset_inputs":[{"tags":[{"key":"x","value":"y"},{"key":"mlflow.data.context","value":"train"}],"dataset":{"name":"d","digest":"1","source_type":"local","source":"s","schema":"{}","profile":"p"}}],"model_inputs":[{"model_id":"{{{model}}}"}]}""",
            run["inputs"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal($$"""{"model_outputs":[{"model_id":"{{model}}","step":3}]}""", run["outputs"]!.ToJsonString());
        Assert.Equal(
            """{"dataset_summaries":[{"experiment_id":"0","name":"d","digest":"1","context":"train"}]}""",
            (await server.PostAsync("/ajax-api/2.0/mlflow/experiments/search-datasets", """{"experiment_ids": ["0"]}""")).ToJsonString());
    }

    [Fact]
    public async Task A_history_comes_in_pages_and_of_many_runs_at_once()
    {
        await using var server = await MlflowServer.StartAsync();
        var (one, two) = (await server.StartRunAsync(), await server.StartRunAsync());
        foreach (var id in (string[])[one, two])
        {
            var points = string.Join(", ", Enumerable.Range(0, 10).Select(i => $$"""{"key": "m", "value": {{i}}, "timestamp": {{i}}, "step": {{i}}}"""));
            await server.PostAsync("runs/log-batch", $$"""{"run_id": "{{id}}", "metrics": [{{points}}]}""");
        }

        var page = await server.GetAsync($"metrics/get-history?run_id={one}&metric_key=m&max_results=7");
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], Steps(page));
        page = await server.GetAsync($"metrics/get-history?run_id={one}&metric_key=m&max_results=7&page_token={page["next_page_token"]}");
        Assert.Equal([7, 8, 9], Steps(page));
        Assert.Null(page["next_page_token"]);
        Assert.Equal(10, Steps(await server.GetAsync($"metrics/get-history?run_id={one}&metric_key=m")).Count);

        var bulk = await server.GetAsync($"/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id={one}&run_id={two}&metric_key=m");
        Assert.Equal(20, Steps(bulk).Count);
        Assert.Equal([one, two], bulk["metrics"]!.AsArray().Select(m => (string)m!["run_id"]!).Distinct());
        var sampled = await server.GetAsync($"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={one}&metric_key=m&max_results=3");
        Assert.Equal((0, 9), (Steps(sampled)[0], Steps(sampled)[^1]));
        Assert.InRange(Steps(sampled).Count, 3, 5);
        Assert.Equal([4, 5, 6], Steps(await server.GetAsync($"metrics/get-history-bulk-interval?run_ids={one}&metric_key=m&start_step=4&end_step=6")));
        Assert.Equal("{}", (await server.GetAsync($"metrics/get-history?run_id={one}&metric_key=other")).ToJsonString());
    }

    [Fact]
    public async Task Runs_are_searched_with_filter_order_view_and_pages()
    {
        await using var server = await MlflowServer.StartAsync();
        var ids = new List<string>();
        foreach (var (acc, team) in ((double, string)[])[(0.7, "a"), (0.9, "a"), (0.8, "b"), (0.95, "a")])
        {
            ids.Add(await server.StartRunAsync());
            await server.PostAsync(
                "runs/log-batch",
                $$"""{"run_id": "{{ids[^1]}}", "metrics": [{"key": "acc", "value": {{acc}}, "timestamp": 1}], "tags": [{"key": "team", "value": "{{team}}"}]}""");
        }

        await server.PostAsync("runs/delete", $$"""{"run_id": "{{ids[3]}}"}""");
        const string query = "\"experiment_ids\": [\"0\"], \"filter\": \"metrics.acc > 0.5 and tags.team = 'a'\", \"order_by\": [\"metrics.acc DESC\"], \"max_results\": 1";
        var first = await server.PostAsync("runs/search", $$"""{{{query}}}""");
        Assert.Equal(ids[1], (string)first["runs"]![0]!["info"]!["run_id"]!);
        var second = await server.PostAsync("runs/search", $$"""{{{query}}, "page_token": "{{first["next_page_token"]}}"}""");
        Assert.Equal(ids[0], (string)second["runs"]!.AsArray().Single()!["info"]!["run_id"]!);
        Assert.Null(second["next_page_token"]);
        var deleted = await server.PostAsync("runs/search", """{"experiment_ids": ["0"], "run_view_type": "DELETED_ONLY"}""");
        Assert.Equal(ids[3], (string)deleted["runs"]!.AsArray().Single()!["info"]!["run_id"]!);
        Assert.Equal("{}", (await server.PostAsync("runs/search", """{"experiment_ids": ["5"]}""")).ToJsonString());
        AssertError(
            await server.SendAsync("POST", "runs/search", """{"experiment_ids": ["0"], "filter": "metrics.acc > 'x'"}"""), 400, "INVALID_PARAMETER_VALUE",
            "Expected numeric value type for metric. Found 'x' at character 15.");
        AssertError(
            await server.SendAsync("POST", "runs/search", $$"""{"experiment_ids": ["0"], "page_token": "{{first["next_page_token"]}}"}"""), 400,
            "INVALID_PARAMETER_VALUE", "The page token belongs to another query");
    }

    private static List<long> Steps(JsonNode answer) => [.. answer["metrics"]!.AsArray().Select(m => (long)m!["step"]!)];
}
