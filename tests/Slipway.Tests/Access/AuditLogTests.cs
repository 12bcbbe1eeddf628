using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.TestKit;

namespace Slipway.Tests.Access;

public abstract class AuditLogContract(PostgresServer? postgres) : OnBothEngines(postgres)
{
    private static readonly Actor Ada = new("ada", Role.Admin);

    private AuditLog audit = null!;

    protected override Task PrepareAsync()
    {
        audit = new AuditLog(Db, Time);
        return Task.CompletedTask;
    }

    private Task AppendAsync(string objectRef, object? detail = null) =>
        Db.WriteAsync(session => audit.AppendAsync(session, Ada, "thing.change", objectRef, detail, Cancel), Cancel);

    private Task TamperAsync(string sql) => Db.ExecuteAsync(sql, null, Cancel);

    [Fact]
    public async Task Each_row_is_hashed_over_the_row_before_it_and_its_own_fields()
    {
        await AppendAsync("model/a", new { to = "β" });
        await AppendAsync("model/b");

        var rows = (await audit.ListAsync(null, null, null, 10, Cancel)).Items;
        Assert.Equal([2, 1], rows.Select(r => r.Seq));
        Assert.Equal(("ada", "thing.change", "model/a", """{"to":"β"}"""), (rows[1].Actor, rows[1].Action, rows[1].Object, rows[1].Detail));

        // The documented form, put together by hand: numbers are 8 bytes, texts have a 4-byte length before them.
        var input = new List<byte>();
        Text(new string('0', 64));
        Number(1);
        Number(1767225600000);
        Text("ada");
        Text("thing.change");
        Text("model/a");
        Text("""{"to":"β"}""");
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(input.ToArray())), rows[1].Hash);
        Assert.Equal(rows[1].Hash, rows[0].PreviousHash);

        void Number(long value)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(bytes, value);
            input.AddRange(bytes);
        }

        void Text(string value)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            input.AddRange([0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes]);
        }
    }

    [Fact]
    public async Task A_change_that_rolls_back_leaves_no_row()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync(
            async session =>
            {
                await audit.AppendAsync(session, Ada, "thing.change", "model/a", null, Cancel);
                throw new InvalidOperationException("no");
            },
            Cancel));
        Assert.Empty((await audit.ListAsync(null, null, null, 10, Cancel)).Items);
    }

    [Fact]
    public async Task A_read_cannot_append() => await Assert.ThrowsAsync<InvalidOperationException>(() => Db.ReadAsync(
        async session =>
        {
            await audit.AppendAsync(session, Ada, "thing.change", "model/a", null, Cancel);
            return 0;
        },
        Cancel));

    [Fact]
    public async Task Writers_at_the_same_time_keep_one_chain()
    {
        await using var other = OpenAgain();
        var elsewhere = new AuditLog(other, Time);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => i % 2 == 0
            ? AppendAsync($"model/{i}")
            : other.WriteAsync(session => elsewhere.AppendAsync(session, Ada, "thing.change", $"model/{i}", null, Cancel), Cancel))));

        var verdict = await audit.VerifyAsync(Cancel);
        Assert.True(verdict.Intact, verdict.Reason);
        Assert.Equal(60, verdict.Rows);
    }

    [Fact]
    public async Task Several_rows_of_one_transaction_follow_each_other()
    {
        await Db.WriteAsync(
            async session =>
            {
                await audit.AppendAsync(session, Ada, "thing.change", "model/a", null, Cancel);
                await audit.AppendAsync(session, Ada, "thing.change", "model/b", null, Cancel);
            },
            Cancel);
        Assert.Equal(2, (await audit.VerifyAsync(Cancel)).Rows);
        Assert.Equal(["model/b", "model/a"], (await audit.ListAsync(null, null, null, 10, Cancel)).Items.Select(r => r.Object));
    }

    [Theory]
    [InlineData("update audit_log set detail = '{}' where seq = 4", 4, "Row 4 was changed")]
    [InlineData("update audit_log set at_ms = at_ms + 1 where seq = 1", 1, "Row 1 was changed")]
    [InlineData("delete from audit_log where seq = 3", 3, "Row 3 is missing")]
    [InlineData("delete from audit_log where seq = 6", 6, "Row 6 is missing")]
    [InlineData("update audit_log set seq = 60 where seq = 6", 6, "Row 6 is missing")]
    [InlineData("update audit_log set previous_hash = 'x' where seq = 2", 2, "Row 2 does not follow")]
    [InlineData(
        "insert into audit_log select 7, at_ms, actor, action, object, detail, hash, hash from audit_log where seq = 6", 7, "A row beyond 6")]
    public async Task Tampering_is_found_at_the_first_row_that_does_not_hold(string tampering, long broken, string reason)
    {
        for (var i = 1; i <= 6; i++)
        {
            await AppendAsync($"model/{i}", new { i });
        }

        Assert.True((await audit.VerifyAsync(Cancel)).Intact);
        await TamperAsync(tampering);

        var verdict = await audit.VerifyAsync(Cancel);
        Assert.Equal(broken, verdict.BrokenSeq);
        Assert.Equal(broken - 1, verdict.Rows);
        Assert.StartsWith(reason, verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_whose_hash_was_recomputed_breaks_the_next_one()
    {
        await AppendAsync("model/1");
        await AppendAsync("model/2");
        var first = (await audit.ListAsync(null, null, null, 10, Cancel)).Items[1];
        var forged = first with { Actor = "eve" };
        await Db.ExecuteAsync(
            "update audit_log set actor = 'eve', hash = @hash where seq = 1", c => c.With("hash", AuditHash.Of(forged)), Cancel);

        Assert.Equal(2, (await audit.VerifyAsync(Cancel)).BrokenSeq);
    }

    [Fact]
    public async Task Pages_are_newest_first_and_stay_in_place_while_rows_are_added()
    {
        for (var i = 1; i <= 5; i++)
        {
            await AppendAsync(i % 2 == 0 ? "model/even" : "model/odd");
        }

        var first = await audit.ListAsync("model/odd", null, null, 2, Cancel);
        await AppendAsync("model/odd");
        var second = await audit.ListAsync("model/odd", null, first.NextPageToken, 2, Cancel);
        Assert.Equal([5, 3, 1], first.Items.Concat(second.Items).Select(r => r.Seq));
        Assert.Null(second.NextPageToken);

        var error = await Assert.ThrowsAsync<SlipwayException>(
            () => audit.ListAsync("model/even", null, first.NextPageToken, 2, Cancel));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
    }

    [Fact]
    public async Task Verification_covers_more_than_one_page()
    {
        await Db.WriteAsync(
            async session =>
            {
                for (var i = 0; i < 2001; i++)
                {
                    await audit.AppendAsync(session, Ada, "thing.change", "model/a", i, Cancel);
                }
            },
            Cancel);
        Assert.Equal(2001, (await audit.VerifyAsync(Cancel)).Rows);
        await TamperAsync("update audit_log set detail = '0' where seq = 1500");
        Assert.Equal(1500, (await audit.VerifyAsync(Cancel)).BrokenSeq);
    }
}

public sealed class AuditLogOnSqlite() : AuditLogContract(null);

public sealed class AuditLogOnPostgres(PostgresServer postgres) : AuditLogContract(postgres);
