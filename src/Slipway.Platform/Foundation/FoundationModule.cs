using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Slipway.Core.Errors;
using Slipway.Platform.Foundation.Analytics;
using Slipway.Platform.Foundation.Blobs;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Events;
using Slipway.Platform.Foundation.Jobs;
using Slipway.Platform.Foundation.Links;
using Slipway.Platform.Foundation.Outgoing;

namespace Slipway.Platform.Foundation;

/// <param name="DataDirectory">Folder of the local state; must exist.</param>
/// <param name="Postgres">A connection string, or null for SQLite in the data folder.</param>
public sealed record FoundationOptions(string DataDirectory, string? Postgres)
{
    public JobOptions Jobs { get; init; } = new();

    public AnalyticsOptions Analytics { get; init; } = new();

    /// <summary>What the server may call besides public addresses.</summary>
    public IReadOnlyList<AllowedTarget> AllowOutgoing { get; init; } = [];

    public string SqliteFile => Path.Combine(DataDirectory, "slipway.db");
}

public static class FoundationModule
{
    public static IServiceCollection AddFoundation(this IServiceCollection services, FoundationOptions options) => services
        .AddSingleton(options)
        .AddSingleton(options.Jobs)
        .AddSingleton(options.Analytics)
        .AddSingleton(_ => options.Postgres is { } text
            ? Db.OpenPostgres(text)
            : Db.OpenSqlite(options.SqliteFile))
        .AddSingleton(_ => new BlobStore(Path.Combine(options.DataDirectory, "blobs")))
        .AddSingleton<BlobGarbage>()
        .AddBlobReferences("select payload from jobs where state <> 'succeeded'")
        .AddSingleton<SignedLinks>()
        .AddSingleton(new OutgoingAddressPolicy(options.AllowOutgoing))
        .AddSingleton<Scratch>()
        .AddSingleton<AnalyticsEngine>()
        .AddSingleton<Migrator>()
        .AddSingleton<EventLog>()
        .AddSingleton<JobService>()
        .AddSingleton<ScheduleService>()
        .AddHostedService<DatabaseStartup>()
        .AddHostedService<JobWorker>()
        .AddHostedService<CronLoop>();

    /// <summary>Registers what runs jobs of a kind.</summary>
    public static IServiceCollection AddJob(this IServiceCollection services, string kind, Func<IServiceProvider, JobHandler> handler) =>
        services.AddSingleton(provider => new JobKind(kind, (job, cancel) => handler(provider)(job, cancel)));
}

/// <summary>Runs before every other service: brings the database to this program's schema and clears what a crash left.</summary>
internal sealed class DatabaseStartup(
    Db db, FoundationOptions options, Migrator migrator, JobService jobs, BlobStore blobs, TimeProvider time) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await migrator.MigrateAsync(cancellationToken);
        }
        catch (SlipwayException failure) when (db.Engine == DbEngine.Sqlite)
        {
            // Whoever starts a server may know where its files are; whoever calls it need not.
            throw new SlipwayException(failure.Kind, $"{options.SqliteFile}: {failure.Message}", failure);
        }

        if (db.Engine == DbEngine.Sqlite)
        {
            // The folder's lock says that nobody else works on this database.
            await jobs.ReleaseOrphansAsync(cancellationToken);
        }

        blobs.RemoveUnfinished(time.GetUtcNow() - TimeSpan.FromDays(1));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
