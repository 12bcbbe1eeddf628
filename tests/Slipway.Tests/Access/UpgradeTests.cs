using Microsoft.Extensions.Time.Testing;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Tests.Access;

/// <summary>A database of the version before keys: what was asked for there can be decided here.</summary>
public abstract class AccessUpgradeContract(PostgresServer? postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_approval_that_was_pending_is_decided_by_the_rules_of_the_server()
    {
        using var folder = new TempFolder();
        await using var db = postgres is null
            ? Db.OpenSqlite(folder.Combine("slipway.db"))
            : Db.OpenPostgres(await postgres.CreateDatabaseAsync(Cancel));
        var time = new FakeTimeProvider();
        var migrator = new Migrator(db, time);
        await migrator.MigrateAsync([.. Migrator.Embedded().Where(m => m is not { Module: "Access", Number: >= 2 })], Cancel);
        await db.ExecuteAsync(
            """
            insert into approvals (id, subject, action, reason, requested_by, requested_ms, required, state)
            values ('a1', 'model/delay/1.0.0', 'promote:production', '', 'carl', 1, 1, 'pending')
            """,
            null,
            Cancel);

        await migrator.MigrateAsync(Cancel);

        var approvals = new ApprovalService(
            db, new AuditLog(db, time), new AccessService(), new ApprovalOptions(), new JobService(db, time, new JobOptions()), time);
        Assert.Null((await approvals.GetAsync("a1", Cancel)).Project);
        Assert.Equal(
            ApprovalState.Approved, (await approvals.DecideAsync("a1", new Actor("ann", Role.Approver), Decision.Approve, "", Cancel)).State);
    }
}

public sealed class AccessUpgradeOnSqlite() : AccessUpgradeContract(null);

public sealed class AccessUpgradeOnPostgres(PostgresServer postgres) : AccessUpgradeContract(postgres);
