using System.Data.Common;

namespace Slipway.Platform.Foundation.Database;

/// <summary>The named parameters of one statement.</summary>
public readonly struct DbParameters(DbCommand command)
{
    /// <param name="name">Without the leading @.</param>
    /// <param name="value">Null becomes SQL NULL; where PostgreSQL cannot infer a type, the SQL casts it.</param>
    public DbParameters With(string name, object? value)
    {
        var bound = value ?? DBNull.Value;
        if (command.Parameters.Contains(name))
        {
            command.Parameters[name].Value = bound;
            return this;
        }

        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = bound;
        command.Parameters.Add(parameter);
        return this;
    }
}

public static class DbRow
{
    public static string? Text(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? Long(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static double? Number(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

    public static byte[]? Bytes(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);
}
