using Npgsql;
using Slipway.Core.Data;
using Slipway.Core.Errors;
using Slipway.Platform.Features.Definitions;
using Slipway.Platform.Foundation.Analytics;

namespace Slipway.Platform.Features.Sources;

/// <summary>
/// Rows of a PostgreSQL database, brought into a Parquet file as they come. Their order of arrival is the order in which the server gives
/// them, so a query whose rows may tie says <c>order by</c>.
/// </summary>
public static class PostgresSource
{
    /// <summary>Of the environment variable that holds a connection string, before the connection's name in upper case.</summary>
    public const string VariablePrefix = "SLIPWAY_POSTGRES_";

    private const int PortionRows = 50_000;
    private const string Rows = "slipway_postgres";

    /// <param name="window">Null for all rows.</param>
    /// <exception cref="SlipwayException">
    /// Invalid when the variable is not set or the query is refused; Unavailable when the server cannot be reached.
    /// </exception>
    internal static void Copy(AnalyticsSession session, PostgresQuery query, SourceWindow? window, string file, CancellationToken cancel)
    {
        try
        {
            using var connection = new NpgsqlConnection(ConnectionString(query));
            connection.Open();
            using var command = PostgresWindow.Command(connection, query.Sql ?? $"select * from {Quoted(query.Table!)}", window);
            using var stop = cancel.Register(command.Cancel);
            using var reader = command.ExecuteReader(System.Data.CommandBehavior.SequentialAccess);
            Copy(session, reader, file, cancel);
        }
        catch (PostgresException refused)
        {
            throw new SlipwayException(ErrorKind.Invalid, $"PostgreSQL ({query.Connection}) refused: {refused.MessageText}", refused);
        }
        catch (NpgsqlException gone)
        {
            throw new SlipwayException(ErrorKind.Unavailable, $"PostgreSQL ({query.Connection}) cannot be reached: {gone.Message}", gone);
        }
        catch (ArgumentException)
        {
            // The framework's text may repeat a part of the connection string, which is a secret.
            throw SlipwayException.Invalid($"What {Variable(query)} holds is not a connection string such as 'Host=db;Database=features;Username=reader'.");
        }
    }

    /// <exception cref="SlipwayException"><see cref="ErrorKind.Invalid"/> when the variable is not set.</exception>
    internal static string ConnectionString(PostgresQuery query) =>
        Environment.GetEnvironmentVariable(Variable(query)) is { Length: > 0 } given ? given : throw SlipwayException.Invalid(
            $"The source on the PostgreSQL connection '{query.Connection}' needs the environment variable {Variable(query)} with its connection string.");

    private static string Variable(PostgresQuery query) => VariablePrefix + query.Connection.ToUpperInvariant();

    private static void Copy(AnalyticsSession session, NpgsqlDataReader reader, string file, CancellationToken cancel)
    {
        var fields = reader.GetColumnSchema().Select((column, i) => PostgresField.Of(column.ColumnName, column.DataTypeName ?? "", i))
            .OfType<PostgresField>().ToArray();
        session.Load(Rows, new Table([.. fields.Select(field => field.Take())]));
        var rows = 0;
        while (reader.Read())
        {
            Array.ForEach(fields, field => field.Read(reader));
            if (++rows % PortionRows == 0)
            {
                cancel.ThrowIfCancellationRequested();
                session.Append(Rows, new Table([.. fields.Select(field => field.Take())]));
            }
        }

        session.Append(Rows, new Table([.. fields.Select(field => field.Take())]));
        session.WriteParquet($"select * from {Rows}", file);
    }

    private static string Quoted(string table) => string.Join('.', table.Split('.').Select(Sql.Name));
}
