using System.Data.Common;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Slipway.Platform.Tracking;

/// <summary>Where a page of runs ended: the values of the sort columns of its last run, as text.</summary>
internal sealed record RunPosition(IReadOnlyList<string> Values)
{
    public object ValueOf(int column, SortType type) => type switch
    {
        SortType.Integer => long.Parse(Values[column], CultureInfo.InvariantCulture),
        SortType.Number => double.Parse(Values[column], CultureInfo.InvariantCulture),
        _ => Values[column],
    };

    public static RunPosition Read(DbDataReader row, IReadOnlyList<SortColumn> columns) => new([.. columns.Select((column, i) => column.Type switch
    {
        SortType.Integer => row.GetInt64(i).ToString(CultureInfo.InvariantCulture),
        SortType.Number => row.GetDouble(i).ToString("R", CultureInfo.InvariantCulture),
        _ => row.GetString(i),
    })]);

    /// <summary>Of the run, which every order ends with.</summary>
    [JsonIgnore]
    public string Id => Values[^1];

    public int CompareTo(RunPosition other, IReadOnlyList<SortColumn> columns)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var order = columns[i].Type switch
            {
                SortType.Text => string.CompareOrdinal(Values[i], other.Values[i]),
                var type => ((IComparable)ValueOf(i, type)).CompareTo(other.ValueOf(i, type)),
            };
            if (order != 0)
            {
                return columns[i].Descending ? -order : order;
            }
        }

        return 0;
    }
}
