using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Core.Tensors;

namespace Slipway.Platform.Serving;

/// <summary>The rows of a request, from which each version is given the matrix that its signature asks for.</summary>
internal sealed class FeatureRows
{
    private readonly string endpoint;
    private readonly Table? table;
    private readonly ServedModel? shape;
    private readonly ReadOnlyMemory<float> matrix;

    private FeatureRows(string endpoint, Table? table, ServedModel? shape, ReadOnlyMemory<float> matrix)
    {
        this.endpoint = endpoint;
        this.table = table;
        this.shape = shape;
        this.matrix = matrix;
    }

    /// <summary>Columns by name, looked up or sent.</summary>
    public static FeatureRows Of(string endpoint, Table table) => new(endpoint, table, null, default);

    /// <summary>A matrix in the order of the champion's signature.</summary>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when it has another number of columns.</exception>
    public static FeatureRows Of(string endpoint, ServedModel champion, ReadOnlyMemory<float> matrix, int rows) =>
        matrix.Length == (long)rows * champion.Inputs.Count
            ? new FeatureRows(endpoint, null, champion, matrix)
            : throw SlipwayException.Invalid(
                $"Endpoint '{endpoint}' takes {champion.Inputs.Count} features per row; got {matrix.Length} values for {rows} rows.");

    /// <param name="picked">The rows to take, in order; null for all.</param>
    /// <returns>FP32, row-major, shape [picked, inputs]; NaN where a value is missing.</returns>
    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming the input that is missing or of a wrong type.</exception>
    public ReadOnlyMemory<float> For(ServedModel model, int[]? picked)
    {
        if (table is null)
        {
            return model == shape || model.Names.SequenceEqual(shape!.Names)
                ? Pick(picked, model.Inputs.Count)
                : throw SlipwayException.Invalid(
                    $"Version {model.Version} of endpoint '{endpoint}' takes other features than its champion; name them.");
        }

        foreach (var input in model.Inputs)
        {
            Check(endpoint, input, table);
        }

        return FeatureMatrix.From(picked is null ? table : table.Select(model.Names).Take(picked), model.Names).Values;
    }

    /// <summary>Whether the rows bring every input of the model themselves.</summary>
    public static bool Bring(Table rows, ServedModel model) => model.Inputs.All(input => rows.Has(input.Name));

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> naming a column that none of the versions takes.</exception>
    public static void RefuseUnknown(EndpointSnapshot endpoint, Table rows)
    {
        foreach (var column in rows.Columns)
        {
            if (!endpoint.Inputs.Contains(column.Name))
            {
                throw SlipwayException.Invalid(
                    $"Endpoint '{endpoint.Endpoint.Name}' has no input '{column.Name}'; it takes {string.Join(", ", endpoint.Champion.Names)}.");
            }
        }
    }

    private ReadOnlyMemory<float> Pick(int[]? rows, int width)
    {
        if (rows is null)
        {
            return matrix;
        }

        var picked = new float[rows.Length * width];
        for (var i = 0; i < rows.Length; i++)
        {
            matrix.Span.Slice(rows[i] * width, width).CopyTo(picked.AsSpan(i * width));
        }

        return picked;
    }

    private static void Check(string endpoint, ColumnSchema input, Table rows)
    {
        if (!rows.Has(input.Name))
        {
            throw SlipwayException.Invalid($"Input '{input.Name}' of endpoint '{endpoint}' is missing.");
        }

        var column = rows[input.Name];
        if (!input.Nullable && FirstNull(column) is { } row)
        {
            throw SlipwayException.Invalid($"Input '{input.Name}' of endpoint '{endpoint}' takes no null; row {row} has one.");
        }

        // A column that is null throughout has no type of its own.
        if ((column.Type is DataType.String or DataType.Timestamp || column.Type.IsArray()) && !IsNullThroughout(column))
        {
            throw WrongType(endpoint, input, $"a {Name(column.Type)}");
        }

        if (input.Type == DataType.Int64 && column.Type is DataType.Float32 or DataType.Float64)
        {
            CheckWhole(endpoint, input, column);
        }
        else if (input.Type == DataType.Bool && column.Type != DataType.Bool)
        {
            CheckZeroOrOne(endpoint, input, column);
        }
    }

    private static void CheckWhole(string endpoint, ColumnSchema input, Column column)
    {
        for (var row = 0; row < column.Length; row++)
        {
            var value = column.Doubles[row];
            if (!column.IsNull(row) && value != Math.Truncate(value))
            {
                throw WrongType(endpoint, input, $"{value} in row {row}");
            }
        }
    }

    private static void CheckZeroOrOne(string endpoint, ColumnSchema input, Column column)
    {
        for (var row = 0; row < column.Length; row++)
        {
            if (!column.IsNull(row) && column.Number(row) is not (0 or 1))
            {
                throw WrongType(endpoint, input, $"{column.Number(row)} in row {row}");
            }
        }
    }

    private static int? FirstNull(Column column)
    {
        for (var row = 0; column.HasNulls && row < column.Length; row++)
        {
            if (column.IsNull(row))
            {
                return row;
            }
        }

        return null;
    }

    private static bool IsNullThroughout(Column column) => Enumerable.Range(0, column.Length).All(column.IsNull);

    private static string Name(DataType type) => type.Text();

    private static SlipwayException WrongType(string endpoint, ColumnSchema input, string got) =>
        SlipwayException.Invalid($"Input '{input.Name}' of endpoint '{endpoint}' is a {Name(input.Type)}; got {got}.");
}
