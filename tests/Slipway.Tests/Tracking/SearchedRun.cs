using System.Text.RegularExpressions;

namespace Slipway.Tests.Tracking;

/// <summary>A run as a search sees it, kept in memory to say what a search must find.</summary>
internal sealed record SearchedRun(
    string Id, long Experiment, string Name, bool Finished, long StartMs, bool Deleted, Dictionary<string, double> Metrics,
    Dictionary<string, string> Params, Dictionary<string, string> Tags);

/// <summary>One random search: its text, and its meaning in plain C#.</summary>
/// <param name="Matches">Null for no filter.</param>
internal sealed record RandomSearch(string? Filter, Func<SearchedRun, bool>? Matches, string? OrderBy, Comparison<SearchedRun>? Order)
{
    private static readonly string[] Keys = ["a", "b", "c d"];
    private static readonly string[] Texts = ["x", "X", "xy", "a%b", "a_b", "axb", "[x", "ä"];

    public static RandomSearch Draw(Random random)
    {
        var (filter, matches) = random.Next(8) == 0 ? (null, null) : Tree(random, 3);
        var (orderBy, order) = DrawOrder(random);
        return new RandomSearch(filter, matches, orderBy, order);
    }

    /// <summary>The order that every search ends with: the newest first, then by id.</summary>
    public List<SearchedRun> Run(IEnumerable<SearchedRun> runs)
    {
        var found = runs.Where(run => Matches is null || Matches(run)).ToList();
        found.Sort((a, b) =>
        {
            var first = Order?.Invoke(a, b) ?? 0;
            var newest = first != 0 ? first : b.StartMs.CompareTo(a.StartMs);
            return newest != 0 ? newest : string.CompareOrdinal(a.Id, b.Id);
        });
        return found;
    }

    private static (string Text, Func<SearchedRun, bool> Is) Tree(Random random, int depth)
    {
        if (depth == 0 || random.Next(3) == 0)
        {
            return Leaf(random);
        }

        var ((left, isLeft), (right, isRight)) = (Tree(random, depth - 1), Tree(random, depth - 1));
        return random.Next(2) == 0
            ? ($"({left}) and ({right})", run => isLeft(run) && isRight(run))
            : ($"({left} OR {right})", run => isLeft(run) || isRight(run));
    }

    private static (string Text, Func<SearchedRun, bool> Is) Leaf(Random random)
    {
        var key = Keys[random.Next(Keys.Length)];
        switch (random.Next(6))
        {
            case 0 or 1:
                double[] numbers = [-1, 0, 0.5, 1, 2];
                var (symbol, compare) = Numeric(random);
                var number = numbers[random.Next(numbers.Length)];
                return ($"metrics.`{key}` {symbol} {number}", run => run.Metrics.TryGetValue(key, out var value) && !double.IsNaN(value) && compare(value.CompareTo(number)));
            case 2:
                return Text(random, $"params.`{key}`", true, run => run.Params.GetValueOrDefault(key));
            case 3:
                return Text(random, $"tags.\"{key}\"", true, run => run.Tags.GetValueOrDefault(key));
            case 4:
                return Text(random, "attributes.run_name", false, run => run.Name);
            default:
                var (sign, holds) = Numeric(random);
                var start = random.Next(5);
                return ($"start_time {sign} {start}", run => holds(run.StartMs.CompareTo(start)));
        }
    }

    private static (string Symbol, Func<int, bool> Holds) Numeric(Random random) => random.Next(6) switch
    {
        0 => (">", order => order > 0),
        1 => (">=", order => order >= 0),
        2 => ("<", order => order < 0),
        3 => ("<=", order => order <= 0),
        4 => ("=", order => order == 0),
        _ => ("!=", order => order != 0),
    };

    private static (string Text, Func<SearchedRun, bool> Is) Text(Random random, string key, bool mayLack, Func<SearchedRun, string?> of)
    {
        var text = Texts[random.Next(Texts.Length)];
        return random.Next(mayLack ? 6 : 4) switch
        {
            0 => ($"{key} = '{text}'", run => of(run) == text),
            1 => ($"{key} != '{text}'", run => of(run) is { } value && value != text),
            2 => Like(key, "LIKE", text, RegexOptions.None, of),
            3 => Like(key, "ilike", text, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, of),
            4 => ($"{key} IS NULL", run => of(run) is null),
            _ => ($"{key} is not null", run => of(run) is not null),
        };
    }

    private static (string Text, Func<SearchedRun, bool> Is) Like(
        string key, string op, string text, RegexOptions options, Func<SearchedRun, string?> of)
    {
        var pattern = $"{text[0]}%";
        var regex = new Regex($"^{Regex.Escape(text[..1]).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal)}.*$", options | RegexOptions.Singleline);
        return ($"{key} {op} '{pattern}'", run => of(run) is { } value && regex.IsMatch(value));
    }

    private static (string? Text, Comparison<SearchedRun>? Order) DrawOrder(Random random)
    {
        var key = Keys[random.Next(Keys.Length)];
        var down = random.Next(2) == 0;
        var direction = down ? "DESC" : random.Next(2) == 0 ? "ASC" : "";
        return random.Next(6) switch
        {
            0 => (null, null),
            1 => ($"start_time {direction}", (a, b) => Signed(a.StartMs.CompareTo(b.StartMs), down)),
            2 => ($"params.`{key}` {direction}", (a, b) => LastWhereNull(a.Params.GetValueOrDefault(key), b.Params.GetValueOrDefault(key), down)),
            3 => ($"attribute.run_name {direction}", (a, b) => Signed(string.CompareOrdinal(a.Name, b.Name), down)),
            _ => ($"metrics.`{key}` {direction}", (a, b) => ByMetric(a, b, key, down)),
        };
    }

    private static int ByMetric(SearchedRun a, SearchedRun b, string key, bool down)
    {
        // 0 a number, 1 NaN, 2 missing: in this order whatever the direction.
        (int Rank, double Value) Of(SearchedRun run) =>
            !run.Metrics.TryGetValue(key, out var value) ? (2, 0) : double.IsNaN(value) ? (1, 0) : (0, value);
        var (left, right) = (Of(a), Of(b));
        var rank = left.Rank.CompareTo(right.Rank);
        return rank != 0 ? rank : Signed(left.Value.CompareTo(right.Value), down);
    }

    private static int LastWhereNull(string? a, string? b, bool down)
    {
        var rank = (a is null).CompareTo(b is null);
        return rank != 0 ? rank : Signed(string.CompareOrdinal(a, b), down);
    }

    private static int Signed(int order, bool down) => down ? -order : order;
}
