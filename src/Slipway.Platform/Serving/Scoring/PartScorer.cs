using System.Collections;
using Slipway.Core.Data;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Serving.Scoring;

/// <summary>Scores the rows of a part and writes its files: those that cannot be scored first, so that the part's own file is its commit.</summary>
internal sealed class PartScorer(ScoringRequest request, IReadOnlyList<ScoringModel> models, string output)
{
    /// <summary>As many rows as the matrix that goes into the model has at most.</summary>
    private const int Batch = 8192;

    private const string Scores = "slipway_scores";
    private const string Reason = "slipway_reason";

    public static readonly string RejectedFolder = "_rejected";

    public void Score(AnalyticsSession session, ScoringFile file, ScoringPart part, CancellationToken cancel)
    {
        // Parts run beside each other; within one, rows keep their order.
        session.Execute("set threads = 1");
        var rows = file.Sql(part);
        var checks = models.Select(model => new RowChecks(model, file)).ToArray();
        var reason = $"coalesce({string.Join(", ", checks.Select(check => check.Reason))}, null)";
        var canReject = checks.Any(check => check.CanReject);
        var scored = canReject ? $"(select * from {rows} where {reason} is null)" : rows;
        var columns = models.SelectMany((model, i) => Run(session, model, checks[i], i, scored, (int)part.Rows, cancel)).ToArray();
        session.Load(Scores, new Table(columns));

        var failed = string.Join(" or ", models.Select((_, i) => $"{Probability(i)} is null"));
        var both = $"(select * from {scored} positional join {Scores})";
        var names = columns.Select(column => column.Name).ToArray();
        var refused = columns[0].Length < part.Rows ? $"select *, {reason} as {Reason} from {rows} where {reason} is not null" : null;
        var senseless = columns.Any(column => column.HasNulls)
            ? $"select * exclude ({string.Join(", ", names)}), 'the model gave no probability' as {Reason} from {both} where {failed}" : null;
        Reject(session, file, part, refused, senseless);
        session.WriteParquet(
            $"select {string.Join(", ", [.. request.Kept(models, file).Select(Sql.Name), .. names])} from {both} where not ({failed})",
            Path.Combine(output, part.FileName));
    }

    /// <summary>The name of a model's column of probabilities; the second is the shadow's.</summary>
    public static string Probability(int model) => model == 0 ? "probability" : "shadow_probability";

    public static string Label(int model) => model == 0 ? "label" : "shadow_label";

    private Column[] Run(
        AnalyticsSession session, ScoringModel model, RowChecks checks, int number, string rows, int room, CancellationToken cancel)
    {
        var width = model.Inputs.Count;
        var (matrix, scores, probabilities) = (new float[Batch * width], new float[Batch], new List<double>(room));
        var held = 0;
        var inputs = checks.Values.Select((value, i) => (Value: value, Schema: new ColumnSchema($"f{i}", DataType.Float64))).ToArray();
        session.Stream(
            $"select {string.Join(", ", inputs.Select(input => $"{input.Value} as {input.Schema.Name}"))} from {rows}",
            [.. inputs.Select(input => input.Schema)],
            chunks =>
            {
                var count = chunks[0].Count;
                if (held + count > Batch)
                {
                    Flush();
                }

                for (var i = 0; i < width; i++)
                {
                    Fill(matrix.AsSpan(held * width), chunks[i], i, width);
                }

                held += count;
            });
        Flush();
        return Columns(number, probabilities);

        void Flush()
        {
            model.Score(matrix.AsSpan(0, held * width), held, scores, cancel);
            for (var row = 0; row < held; row++)
            {
                probabilities.Add(scores[row]);
            }

            held = 0;
        }
    }

    private static void Fill(Span<float> matrix, ColumnChunk chunk, int offset, int stride)
    {
        var values = chunk.Doubles;
        for (var row = 0; row < values.Length; row++)
        {
            matrix[(row * stride) + offset] = chunk.IsNull(row) ? float.NaN : (float)values[row];
        }
    }

    private Column[] Columns(int number, List<double> probabilities)
    {
        var values = probabilities.ToArray();
        var missing = new BitArray(values.Length);
        var any = false;
        for (var row = 0; row < values.Length; row++)
        {
            missing[row] = !(values[row] is >= 0 and <= 1);
            any |= missing[row];
        }

        var labels = Array.ConvertAll(values, value => value >= request.Threshold);
        return [Column.Float32(Probability(number), values, any ? missing : null), Column.Bool(Label(number), labels)];
    }

    private void Reject(AnalyticsSession session, ScoringFile file, ScoringPart part, params string?[] queries)
    {
        var rejected = string.Join(" union all by name ", queries.OfType<string>());
        if (rejected.Length > 0)
        {
            var content = string.Join(", ", file.Columns.Keys.Select(name => $"{Sql.Text(name)}: {Sql.Name(name)}"));
            session.WriteParquet(
                $"select {Sql.Text(file.Name)} as file, {ScoringFile.RowNumber} + 1 as row, {Reason} as reason, "
                + $"to_json({{{content}}})::varchar as content from ({rejected}) order by row",
                Path.Combine(output, RejectedFolder, part.FileName));
        }
    }
}
