namespace Slipway.Platform.Foundation.Database;

public enum DbEngine
{
    Sqlite,
    Postgres,
}
