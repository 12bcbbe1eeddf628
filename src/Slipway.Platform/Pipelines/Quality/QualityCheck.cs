using System.Globalization;
using DuckDB.NET.Data;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Quality;

namespace Slipway.Platform.Pipelines.Quality;

/// <summary>
/// Reads a Parquet file once, splits its rows into those that keep the rules and those that do not, and writes both: the
/// accepted rows as they are, the others with their row number (from 0) and the rules they broke.
/// </summary>
public sealed class QualityCheck(AnalyticsEngine analytics, TimeProvider time)
{
    /// <param name="where">A DuckDB condition that selects the rows to look at, or null for all.</param>
    /// <param name="asOf">What freshness is measured against; now when null.</param>
    /// <exception cref="SlipwayException">
    /// NotFound or Invalid when the file is missing, empty, not Parquet, lacks a column or has one of another type, or when more
    /// rows break a rule than the rules allow. Nothing is written then.
    /// </exception>
    public async Task<QualityReport> RunAsync(
        string file, QualityRules rules, string? where, DateTimeOffset? asOf, string acceptedFile, string quarantineFile, CancellationToken cancel)
    {
        ParquetFile.Check(file);
        return await analytics.RunAsync(
            session =>
            {
                CheckSchema(session, file, rules);
                Mark(session, file, rules, where);
                var report = Report(session, file, rules, asOf ?? time.GetUtcNow());
                Refuse(report, rules);
                var columns = string.Join(", ", rules.Columns.Select(c => Sql.Name(c.Name)));
                session.WriteParquet($"select {columns} from marked where len(broken) = 0 order by row_number", acceptedFile);
                session.WriteParquet(
                    $"select row_number, broken as broken_rules, {columns} from marked where len(broken) > 0 order by row_number", quarantineFile);
                return report;
            },
            cancel);
    }

    private static void CheckSchema(AnalyticsSession session, string file, QualityRules rules)
    {
        var sample = Peek(session, file);
        foreach (var rule in rules.Columns)
        {
            if (!sample.Has(rule.Name))
            {
                throw SlipwayException.Invalid(
                    $"The data file '{file}' lacks the column '{rule.Name}'; it has {string.Join(", ", sample.Columns.Select(c => c.Name))}.");
            }

            var found = sample[rule.Name].Type;
            if (found != rule.Type && !(IsNumber(found) && IsNumber(rule.Type)))
            {
                throw SlipwayException.Invalid(
                    $"Column '{rule.Name}' of '{file}' is {found.Text()}; the rules of '{rules.Dataset}' want {rule.Type.Text()}.");
            }
        }
    }

    private static Table Peek(AnalyticsSession session, string file)
    {
        try
        {
            return session.Query($"select * from read_parquet({Sql.Text(file)}) limit 0");
        }
        catch (SlipwayException damaged) when (damaged.InnerException is DuckDBException)
        {
            throw SlipwayException.Invalid($"The data file '{file}' is damaged: its Parquet footer cannot be read. Get it again.");
        }
    }

    private static bool IsNumber(DataType type) => type is DataType.Int64 or DataType.Float32 or DataType.Float64;

    private static void Mark(AnalyticsSession session, string file, QualityRules rules, string? where)
    {
        var tests = Tests(rules).Select(test => test.Broken(Sql.Text(test.Rule)));
        var columns = rules.Columns.Select(c => $"{Sql.Name(c.Name)}::{Sql.TypeName(c.Type)} as {Sql.Name(c.Name)}");
        session.Execute(
            $"""
            create temp table marked as
            with source as (
              select file_row_number as row_number, {string.Join(", ", columns)}
              from read_parquet({Sql.Text(file)}, file_row_number = true) where {where ?? "true"})
            select *, list_filter([{string.Join(", ", tests)}]::varchar[], rule -> rule is not null) as broken from source
            """);
    }

    private static IEnumerable<RowTest> Tests(QualityRules rules) =>
    [
        .. rules.Columns.SelectMany(column => column.Tests()),
        .. rules.Unique.Select(key => RowTest.Unique(key, "row_number")),
        .. rules.Rows.Select(row => new RowTest(row.Name, row.Condition)),
    ];

    private static QualityReport Report(AnalyticsSession session, string file, QualityRules rules, DateTimeOffset asOf)
    {
        var totals = session.Query("select count(*) as n, count(*) filter (len(broken) > 0) as bad from marked");
        var (rows, bad) = (totals["n"].Longs[0], totals["bad"].Longs[0]);
        var perRule = session.Query(
            "select rule, count(*) as n, arg_min(row_number, row_number) as example from (select unnest(broken) as rule, row_number from marked) group by rule order by rule");
        var findings = new List<QualityFinding>();
        for (var i = 0; i < perRule.Rows; i++)
        {
            var (rule, count) = (perRule["rule"].Strings[i]!, perRule["n"].Longs[i]);
            findings.Add(new QualityFinding(
                rule, FindingKind.Quarantined, count, $"{count} of {rows} rows break {rule}.", $"row {perRule["example"].Longs[i]}"));
        }

        findings.AddRange(WholeFindings(session, rules, asOf));
        return new QualityReport(rules.Dataset, Path.GetFileName(file), rows, rows - bad, bad, findings);
    }

    private static IEnumerable<QualityFinding> WholeFindings(AnalyticsSession session, QualityRules rules, DateTimeOffset asOf)
    {
        if (rules.Volume is { } volume)
        {
            var column = Sql.Name(volume.Column);
            var days = session.Query(
                $"""
                with days as (select date_trunc('day', {column}) as day, count(*) as n from marked where {column} is not null group by 1),
                calendar as (select unnest(generate_series(min(day), max(day), interval 1 day)) as day from days)
                select strftime(c.day, '%Y-%m-%d') as day, coalesce(d.n, 0) as n from calendar c left join days d on c.day = d.day
                where coalesce(d.n, 0) not between $min and $max order by c.day
                """,
                ("min", volume.MinPerDay),
                ("max", volume.MaxPerDay));
            if (days.Rows > 0)
            {
                yield return new QualityFinding(
                    "volume", FindingKind.Warning, days.Rows,
                    $"{days.Rows} days have fewer than {volume.MinPerDay} or more than {volume.MaxPerDay} rows.",
                    $"{days["day"].Strings[0]}: {days["n"].Longs[0]} rows");
            }
        }

        if (rules.Freshness is { } freshness)
        {
            var newest = session.Query($"select max({Sql.Name(freshness.Column)}) as newest from marked")["newest"];
            var age = newest.IsNull(0) ? TimeSpan.MaxValue : asOf - Microseconds.ToDateTimeOffset(newest.Longs[0]);
            if (age > freshness.MaxAge)
            {
                yield return new QualityFinding(
                    "freshness", FindingKind.Warning, 1, $"The newest row is {age.TotalDays:0.0} days old; the limit is {freshness.MaxAge.TotalDays:0.0}.",
                    newest.IsNull(0) ? null : Microseconds.ToDateTimeOffset(newest.Longs[0]).ToString("u", CultureInfo.InvariantCulture));
            }
        }
    }

    private static void Refuse(QualityReport report, QualityRules rules)
    {
        if (report.Rows == 0)
        {
            throw SlipwayException.Invalid($"The data file '{report.Source}' has no rows.");
        }

        var share = (double)report.Quarantined / report.Rows;
        if (share > rules.MaxQuarantinedShare)
        {
            var worst = report.Findings.Where(f => f.Kind == FindingKind.Quarantined).MaxBy(f => f.Count)!;
            throw SlipwayException.Invalid(string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Quarantined} of {report.Rows} rows of '{report.Source}' ({share:P1}) break a rule; '{rules.Dataset}' allows {rules.MaxQuarantinedShare:P1}. Most break {worst.Rule} ({worst.Count}, first {worst.Example})."));
        }
    }
}
