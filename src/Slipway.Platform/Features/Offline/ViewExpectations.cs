using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Quality;

namespace Slipway.Platform.Features.Offline;

/// <summary>How many rows of a view broke one part of an expectation.</summary>
/// <param name="View">Name and version, as <c>airport_weather@2</c>.</param>
/// <param name="Rule">Such as <c>temperature.range</c> or <c>unique(ticket)</c>.</param>
/// <param name="Rows">A row that breaks two rules counts for both.</param>
/// <param name="Of">How many rows there were.</param>
/// <param name="Earliest">The smallest event time among them; null when none of them has one.</param>
public sealed record ExpectationViolation(
    string View, string Rule, ViolationAction OnViolation, long Rows, long Of, DateTimeOffset? Earliest)
{
    public string Message => $"{View}: {Rows} of {Of} rows break {Rule}{(Earliest is { } at ? $", the first of {at:yyyy-MM-dd HH:mm:ss}Z" : "")}"
        + (OnViolation == ViolationAction.Drop ? "; they are left out" : "");
}

/// <summary>The expectations of a batch view in SQL, over its rows.</summary>
internal sealed class ViewExpectations
{
    private const string Broken = "slipway_broken";
    private const string Arrival = "slipway_arrival";

    private readonly string view;
    private readonly List<(RowTest Test, ViolationAction Action)> tests;

    private ViewExpectations(string view, List<(RowTest, ViolationAction)> tests)
    {
        this.view = view;
        this.tests = tests;
    }

    /// <returns>Null where nothing is expected: such a view costs nothing more.</returns>
    public static ViewExpectations? Of(string key, FeatureRepository repository, FeatureViewDefinition view) => view.Expectations is { Count: > 0 } some
        ? new ViewExpectations(
            key, [.. some.SelectMany(e => e.Tests(repository.RowColumns(view), Arrival).Select(test => (test, e.OnViolation)))])
        : null;

    /// <summary>The rows, each with the numbers of the tests that it breaks.</summary>
    public string Marked(string rows)
    {
        var marks = tests.Select((test, i) => test.Test.Broken($"{i}::utinyint"));
        return $"""
            select *, list_filter([{string.Join(", ", marks)}], broken -> broken is not null) as {Broken}
            from (select *, row_number() over () as {Arrival} from ({rows}))
            """;
    }

    /// <summary>The marked rows as they were, without those that are left out.</summary>
    public string Kept(string marked) => $"select * exclude ({Arrival}, {Broken}) from ({marked}) where not ({IsDropped})";

    /// <summary>A condition on marked rows.</summary>
    public string IsDropped
    {
        get
        {
            var dropping = tests.Index().Where(test => test.Item.Action == ViolationAction.Drop).Select(test => $"{test.Index}::utinyint").ToArray();
            return dropping.Length == 0 ? "false" : $"list_has_any({Broken}, [{string.Join(", ", dropping)}])";
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> with what is broken that must not be.</exception>
    public IReadOnlyList<ExpectationViolation> Count(AnalyticsSession session, string marked)
    {
        var found = session.Query($"""
            with marked as ({marked})
            select test::bigint as test, count(*) as rows, min({BatchQuery.EventTimestamp}) as earliest, (select count(*) from marked) as checked
            from (select unnest({Broken}) as test, {BatchQuery.EventTimestamp} from marked) group by 1 order by 1
            """);
        ExpectationViolation[] violations = [.. Enumerable.Range(0, found.Rows).Select(row => Violation(found, row))];
        return violations.Where(v => v.OnViolation == ViolationAction.Fail).Select(v => v.Message).ToArray() is { Length: > 0 } failed
            ? throw SlipwayException.Invalid($"{string.Join("; ", failed)}: refused, as the view's expectations say.")
            : violations;
    }

    private ExpectationViolation Violation(Table found, int row)
    {
        var (test, action) = tests[(int)found["test"].Longs[row]];
        var earliest = found["earliest"];
        return new ExpectationViolation(
            view, test.Rule, action, found["rows"].Longs[row], found["checked"].Longs[row],
            earliest.IsNull(row) ? null : Microseconds.ToDateTimeOffset(earliest.Longs[row]));
    }
}
