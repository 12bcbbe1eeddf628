using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Serving.Scoring;

namespace Slipway.Tests.Serving.Scoring;

/// <summary>Files scored part by part.</summary>
public sealed class BatchScoringTests : IDisposable
{
    private static readonly ModelSignature Typed = new(
        [new ColumnSchema("a", DataType.Float64, Nullable: false), new ColumnSchema("b", DataType.Int64)], [new ColumnSchema("probability", DataType.Float32)]);

    private readonly ScoringKit kit = new();

    public void Dispose() => kit.Dispose();

    private ScoringModel Logistic(float[] weights, ModelSignature? signature = null, string version = "1.0.0") =>
        kit.Model(TestModels.Logistic(weights, 0.25f, ["a", "b"]), signature, version: version);

    [Fact]
    public async Task Every_row_gets_the_score_of_the_model_in_the_order_of_the_file()
    {
        using var model = Logistic([0.5f, -0.25f]);
        var input = await kit.ParquetAsync("rows.parquet", "select i as id, (i % 7)::float as b, i // 1000 as a from range(5000) t(i)");

        var summary = await kit.ScoreAsync(model, new ScoringRequest(input, kit.Path("out")) { PartRows = 1000 });

        var rows = await kit.QueryAsync($"select id, probability, label from read_parquet({Sql.Text(kit.Path("out/part-*.parquet"))}, filename = true, file_row_number = true) order by filename, file_row_number");
        Assert.Equal((5, 0, 5000L, 0L), (summary.Parts, summary.Resumed, summary.Rows, summary.Rejected));
        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (long)i), rows["id"].Longs);
        for (var i = 0; i < 5000; i++)
        {
            var expected = 1 / (1 + Math.Exp(-((0.5 * (i / 1000)) - (0.25 * (i % 7)) + 0.25)));
            Assert.Equal(expected, rows["probability"].Doubles[i], 1e-6);
            Assert.Equal(expected >= 0.5, rows["label"].Bools[i]);
        }
    }

    [Fact]
    public async Task Parquet_CSV_and_JSON_lines_with_the_same_rows_get_the_same_scores_bit_by_bit()
    {
        using var model = Logistic([0.1f, 0.7f], Typed);
        await kit.ParquetAsync("rows.parquet", "select * from (values ('x', 0.1::double, 1), ('y', -2.5e-3, null), ('z', 1e10, -7)) t(id, a, b)");
        kit.Write("rows.csv", "id,a,b\nx,0.1,1\ny,-2.5e-3,\n\"z\",1e10,-7\n");
        kit.Write("rows.jsonl", "{\"id\":\"x\",\"a\":0.1,\"b\":1}\n\n{\"id\":\"y\",\"a\":-2.5e-3,\"b\":null}\n{\"b\":-7,\"id\":\"z\",\"a\":1e10}\n");

        var answers = new List<string[]>();
        foreach (var format in (string[])["parquet", "csv", "jsonl"])
        {
            await kit.ScoreAsync(model, new ScoringRequest(kit.Path($"rows.{format}"), kit.Path(format)));
            answers.Add(await kit.RowsAsync(format, "id", "probability"));
        }

        // This model makes nothing of a missing value.
        Assert.Equal(["x", "z"], answers[0].Select(row => row.Split('|')[0]));
        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(answers[0], answers[2]);
    }

    [Fact]
    public async Task Rows_that_cannot_be_scored_are_set_aside_with_their_reason_and_the_others_are_scored()
    {
        using var model = Logistic([1, 1], Typed);
        kit.Write("rows.csv", "id,a,b\n1,0.5,1\n2,,1\n3,much,1\n4,0.5,1.5\n5,0.5,one\n6,1,2,3,4\n7,0.5,2\n");

        var summary = await kit.ScoreAsync(model, new ScoringRequest(kit.Path("rows.csv"), kit.Path("out")));

        Assert.Equal((2L, 5L), (summary.Rows, summary.Rejected));
        Assert.Equal(["1", "7"], await kit.RowsAsync("out", "id"));
        var reasons = await kit.RejectedAsync("out");
        Assert.Contains("a is missing", reasons);
        Assert.Contains("a is 'much', which is not a number", reasons);
        Assert.Contains("b is 1.5, which is not a whole number", reasons);
        Assert.Contains("b is 'one', which is not a whole number", reasons);
        var content = await kit.QueryAsync($"select content from read_parquet({Sql.Text(kit.Path("out/_rejected/part-00000.parquet"))}) where reason like 'a is ''much%'");
        Assert.Equal("""{"id":"3","a":"much","b":"1"}""", content["content"].Strings[0]);
    }

    [Fact]
    public async Task Lines_that_are_no_JSON_objects_are_set_aside()
    {
        using var model = Logistic([1, 1]);
        kit.Write("rows.ndjson", "{\"a\":1,\"b\":1}\n[1,2]\n{\"a\":\n{\"a\":2,\"b\":2,\"more\":{\"x\":[1]}}\n");

        var summary = await kit.ScoreAsync(model, new ScoringRequest(kit.Path("rows.ndjson"), kit.Path("out")));

        Assert.Equal((2L, 2L), (summary.Rows, summary.Rejected));
        Assert.Equal(["null", """{"x":[1]}"""], await kit.RowsAsync("out", "more"));
    }

    [Fact]
    public async Task A_score_that_is_no_probability_is_none()
    {
        using var model = kit.Model(TestModels.Root);
        var input = await kit.ParquetAsync("rows.parquet", "select i as id, i::float / 4 as f0 from range(-1, 2) t(i)");

        var summary = await kit.ScoreAsync(model, new ScoringRequest(input, kit.Path("out")));

        Assert.Equal((2L, 1L), (summary.Rows, summary.Rejected));
        Assert.Equal(["0|0.0", "1|0.5"], await kit.RowsAsync("out", "id", "probability"));
        Assert.Equal(["the model gave no probability"], await kit.RejectedAsync("out"));
    }

    [Fact]
    public async Task A_run_that_was_cut_short_goes_on_with_what_is_left()
    {
        using var model = Logistic([0.5f, -0.25f]);
        var input = await kit.ParquetAsync("rows.parquet", "select i as id, random() as a, random() as b from range(20000) t(i)");
        var request = new ScoringRequest(input, kit.Path("out")) { PartRows = 1000 };
        using var stop = new CancellationTokenSource();
        var seen = new Inline(progress =>
        {
            if (progress.Parts == 3)
            {
                stop.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => kit.ScoreAsync(model, request, progress: seen, cancel: stop.Token));
        var first = Directory.GetFiles(kit.Path("out"), "part-*.parquet").ToDictionary(file => file, File.GetLastWriteTimeUtc);
        Assert.InRange(first.Count, 3, 19);
        Assert.False(File.Exists(kit.Path("out/_SUCCESS")));

        var summary = await kit.ScoreAsync(model, request);

        Assert.Equal((20, first.Count, 20000L), (summary.Parts, summary.Resumed, summary.Rows));
        Assert.All(first, part => Assert.Equal(part.Value, File.GetLastWriteTimeUtc(part.Key)));
        Assert.Equal(20000, (await kit.RowsAsync("out", "id")).Distinct().Count());
        Assert.True(File.Exists(kit.Path("out/_SUCCESS")));
        Assert.Equal(20, (await kit.ScoreAsync(model, request)).Resumed);
    }

    [Fact]
    public async Task A_folder_holds_the_scores_of_one_model_over_one_input()
    {
        using var model = Logistic([1, 1]);
        using var other = Logistic([2, 1], version: "2.0.0");
        kit.Write("rows.csv", "a,b\n1,1\n");
        var request = new ScoringRequest(kit.Path("rows.csv"), kit.Path("out"));
        await kit.ScoreAsync(model, request);

        Assert.Contains("holds scores of m 1.0.0 over 1 file", await RefusedAsync(ErrorKind.Conflict, other, request), StringComparison.Ordinal);
        Assert.Equal("2.0.0", (await kit.ScoreAsync(other, request with { Overwrite = true })).Version);
        kit.Write("rows.csv", "a,b\n1,1\n2,2\n");
        Assert.Contains("not of m 2.0.0", await RefusedAsync(ErrorKind.Conflict, other, request), StringComparison.Ordinal);

        kit.Write("mine/notes.txt", "do not touch");
        Assert.Contains("what it holds are no scores", await RefusedAsync(ErrorKind.Conflict, model, request with { Output = kit.Path("mine"), Overwrite = true }), StringComparison.Ordinal);
        Assert.True(File.Exists(kit.Path("mine/notes.txt")));
    }

    [Fact]
    public async Task What_is_wrong_with_the_input_is_said_before_anything_is_scored()
    {
        using var model = Logistic([1, 1]);
        kit.Write("in/good.csv", "a,b,c\n1,1,x\n");
        kit.Write("in/lacks.csv", "a,c\n1,x\n");
        kit.Write("names.csv", "a,b,label\n1,1,x\n");
        await kit.ParquetAsync("times.parquet", "select 1.0 as a, now() as b");
        kit.Write("bad.parquet", "PAR");
        Directory.CreateDirectory(kit.Path("none"));
        ScoringRequest Over(string input) => new(kit.Path(input), kit.Path("out-" + input.Replace('/', '-')));

        Assert.Contains("'lacks.csv' has no column 'b', which model 'm' takes; it has a, c.", await RefusedAsync(ErrorKind.Invalid, model, Over("in")), StringComparison.Ordinal);
        Assert.Contains("Column 'label' of 'names.csv' has the name of a score", await RefusedAsync(ErrorKind.Invalid, model, Over("names.csv")), StringComparison.Ordinal);
        Assert.Contains("no column 'nope' to keep", await RefusedAsync(ErrorKind.Invalid, model, Over("in/good.csv") with { Keep = ["nope"] }), StringComparison.Ordinal);
        Assert.Contains("Column 'b' of 'times.parquet' is a TIMESTAMP", await RefusedAsync(ErrorKind.Invalid, model, Over("times.parquet")), StringComparison.Ordinal);
        Assert.Contains("not Parquet", await RefusedAsync(ErrorKind.Invalid, model, Over("bad.parquet")), StringComparison.Ordinal);
        Assert.Contains("holds no Parquet, CSV or JSON lines files", await RefusedAsync(ErrorKind.NotFound, model, Over("none")), StringComparison.Ordinal);
        Assert.Contains("does not exist", await RefusedAsync(ErrorKind.NotFound, model, Over("gone.csv")), StringComparison.Ordinal);
        Assert.Contains("1000", await RefusedAsync(ErrorKind.Invalid, model, Over("in/good.csv") with { PartRows = 10 }), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(kit.Path("."), "part-*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Two_runs_do_not_write_to_one_folder()
    {
        using var model = Logistic([1, 1]);
        kit.Write("rows.csv", "a,b\n1,1\n");
        using var other = new ScoringLock(kit.Path("out"));

        Assert.Contains("Another run is writing", await RefusedAsync(ErrorKind.Conflict, model, new ScoringRequest(kit.Path("rows.csv"), kit.Path("out"))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shadow_scores_the_same_rows_and_the_difference_is_told()
    {
        using var model = kit.Model(TestModels.Echo);
        using var shadow = kit.Model(TestModels.Inverse, name: "candidate", version: "2.0.0");
        kit.Write("rows.csv", "f0\n0\n0.25\n0.75\n");

        var summary = await kit.ScoreAsync(model, new ScoringRequest(kit.Path("rows.csv"), kit.Path("out")), shadow);

        // |p − (1 − p)| is 1, 0.5 and 0.5; every label changes, and the two lie on a falling line.
        var told = summary.Shadow!;
        Assert.Equal(("candidate", "2.0.0", 3L, 1.0, 1.0), (told.Model, told.Version, told.Rows, told.MaxDifference, told.LabelsChanged));
        Assert.Equal(2 / 3.0, told.MeanDifference, 1e-12);
        Assert.Equal(-1, told.Correlation!.Value, 1e-12);
        Assert.Equal(["0.0|1.0", "0.25|0.75", "0.75|0.25"], await kit.RowsAsync("out", "probability", "shadow_probability"));
    }

    [Fact]
    public async Task An_empty_file_gives_no_parts_and_no_error()
    {
        using var model = Logistic([1, 1]);
        kit.Write("rows.csv", "a,b\n");

        var summary = await kit.ScoreAsync(model, new ScoringRequest(kit.Path("rows.csv"), kit.Path("out")));

        Assert.Equal((0, 0L, 0L), (summary.Parts, summary.Rows, summary.Rejected));
        Assert.Null(summary.MeanProbability);
    }

    private async Task<string> RefusedAsync(ErrorKind kind, ScoringModel model, ScoringRequest request)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(() => kit.ScoreAsync(model, request));
        Assert.Equal(kind, error.Kind);
        return error.Message;
    }

    private sealed class Inline(Action<ScoringProgress> report) : IProgress<ScoringProgress>
    {
        public void Report(ScoringProgress value) => report(value);
    }
}
