using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;

namespace Slipway.Tests.Access;

public abstract class KeyContract(PostgresServer? postgres) : AccessKit(postgres)
{
    [Fact]
    public async Task A_key_acts_as_its_owner_and_says_which_it_is()
    {
        var made = await AdminKeyAsync("ada");

        var actor = await EnterAsync(made);

        Assert.Equal(("ada", Role.Admin, made.Key.Id), (actor.Name, actor.Role, actor.Key?.Id));
        Assert.Matches("^slipway_[0-9a-z]{12}_[0-9A-Za-z]{43}$", made.Text);
        Assert.StartsWith($"slipway_{made.Key.Id}_", made.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_is_stored_or_audited_opens_the_server()
    {
        var made = await AdminKeyAsync("ada");
        var secret = made.Text.Split('_')[2];

        var rows = await Db.QueryAsync(
            "select id, principal, description, hash, scopes, created_by from api_keys",
            null,
            row => string.Join('|', Enumerable.Range(0, 6).Select(row.GetString)),
            Cancel);
        var audited = (await Audit.ListAsync(null, null, null, 100, Cancel)).Items.Select(entry => Json.Write(entry));

        Assert.All(rows.Concat(audited), text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));

        // By hand: SHA-256 of the secret's 43 characters, in hex.
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(secret)));
        Assert.Contains(expected, Assert.Single(rows), StringComparison.Ordinal);
        Assert.Null(await EnterAsync($"slipway_{made.Key.Id}_{expected[..43]}"));
    }

    [Fact]
    public async Task A_wrong_secret_an_unknown_id_and_nonsense_are_nobody()
    {
        var made = await AdminKeyAsync("ada");
        var last = made.Text[^1] == 'a' ? 'b' : 'a';

        Assert.Null(await EnterAsync(made.Text[..^1] + last));
        Assert.Null(await EnterAsync(made.Text.Replace(made.Key.Id, "000000000000", StringComparison.Ordinal)));
        Assert.Null(await EnterAsync(made.Text + "a"));
        Assert.Null(await EnterAsync(""));
        Assert.NotNull(await EnterAsync(made.Text));
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_at_once_and_stays_in_the_list()
    {
        var made = await AdminKeyAsync("ada");
        Assert.NotNull(await EnterAsync(made.Text));

        await Keys.RevokeAsync(Root, made.Key.Id, Cancel);
        await Keys.RevokeAsync(Root, made.Key.Id, Cancel);

        Assert.Null(await EnterAsync(made.Text));
        Assert.NotNull(Assert.Single((await Keys.ListAsync(Root, "ada", null, 10, Cancel)).Items).RevokedMs);
        Assert.Single((await Audit.ListAsync($"key/{made.Key.Id}", null, null, 10, Cancel)).Items, entry => entry.Action == "key.revoke");
    }

    [Fact]
    public async Task Another_server_on_the_database_notices_a_revoked_key_within_a_second()
    {
        var made = await AdminKeyAsync("ada");
        await using var db = OpenAgain();
        await using var other = Compose(db);
        var signIn = (SignInService)other.GetService(typeof(SignInService))!;
        Assert.NotNull(await signIn.ByKeyAsync(made.Text, onlyKnown: false, Cancel));

        await Keys.RevokeAsync(Root, made.Key.Id, Cancel);
        Time.Advance(SignInCache.Trust);

        Assert.Null(await signIn.ByKeyAsync(made.Text, onlyKnown: false, Cancel));
    }

    [Fact]
    public async Task A_key_ends_with_its_last_day()
    {
        await AdminKeyAsync("ada");
        var made = await Keys.CreateAsync(Root, new KeyRequest("ada", ExpiresInDays: 30), Cancel);

        Time.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMilliseconds(1));
        Assert.NotNull(await EnterAsync(made.Text));
        Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await EnterAsync(made.Text));
    }

    [Fact]
    public async Task A_change_of_its_owner_changes_the_key_at_once()
    {
        await AdminKeyAsync("root");
        var made = await KeyAsync("vera", Role.Viewer);
        Assert.Equal(Role.Viewer, (await EnterAsync(made)).Role);

        await Principals.ChangeAsync(Root, "vera", new PrincipalChange(Role.Contributor, null), Cancel);
        Assert.Equal(Role.Contributor, (await EnterAsync(made)).Role);
        await Principals.ChangeAsync(Root, "vera", new PrincipalChange(null, Disabled: true), Cancel);
        Assert.Null(await EnterAsync(made.Text));
        await Principals.ChangeAsync(Root, "vera", new PrincipalChange(null, Disabled: false), Cancel);
        Assert.NotNull(await EnterAsync(made.Text));
        await Principals.DeleteAsync(Root, "vera", Cancel);
        Assert.Null(await EnterAsync(made.Text));
    }

    [Theory]
    [InlineData(new[] { KeyScope.Write }, new[] { KeyScope.Read, KeyScope.Write })]
    [InlineData(new[] { KeyScope.Approve, KeyScope.Approve }, new[] { KeyScope.Read, KeyScope.Approve })]
    [InlineData(new[] { KeyScope.Predict }, new[] { KeyScope.Predict })]
    [InlineData(new[] { KeyScope.Admin }, new[] { KeyScope.Read, KeyScope.Write, KeyScope.Approve, KeyScope.Admin, KeyScope.Predict })]
    [InlineData(new KeyScope[0], new[] { KeyScope.Read, KeyScope.Write, KeyScope.Approve, KeyScope.Admin, KeyScope.Predict })]
    public async Task Scopes_are_kept_with_those_they_include(KeyScope[] asked, KeyScope[] kept) =>
        Assert.Equal(kept, (await AdminKeyAsync("ada", asked)).Key.Scopes);

    [Fact]
    public async Task People_make_keys_for_themselves_that_can_do_no_more_than_the_one_they_use()
    {
        await AdminKeyAsync("root");
        var writing = await EnterAsync(await KeyAsync("carl", Role.Contributor, KeyScope.Write));

        var reading = await Keys.CreateAsync(writing, new KeyRequest("carl", Scopes: [KeyScope.Read]), Cancel);
        Assert.Equal([reading.Key.Id], (await Keys.ListAsync(writing, null, null, 10, Cancel)).Items.Select(k => k.Id).Except([writing.Key!.Id]));
        await FailsAsync(() => Keys.CreateAsync(writing, new KeyRequest("carl"), Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Keys.CreateAsync(writing, new KeyRequest("root", Scopes: [KeyScope.Read]), Cancel), ErrorKind.Forbidden);
        await FailsAsync(
            () => Keys.CreateAsync(writing, new KeyRequest("eve", Scopes: [KeyScope.Read], Role: Role.Viewer), Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Keys.ListAsync(writing, "root", null, 10, Cancel), ErrorKind.Forbidden);

        var reader = await EnterAsync(reading);
        await FailsAsync(() => Keys.CreateAsync(reader, new KeyRequest("carl", Scopes: [KeyScope.Read]), Cancel), ErrorKind.Forbidden);
        await FailsAsync(() => Keys.RevokeAsync(reader, writing.Key.Id, Cancel), ErrorKind.Forbidden);
        await Keys.RevokeAsync(reader, reading.Key.Id, Cancel);
        Assert.Null(await EnterAsync(reading.Text));
    }

    [Fact]
    public async Task A_key_that_ends_makes_none_that_ends_later()
    {
        await AdminKeyAsync("root");
        await KeyAsync("carl", Role.Contributor);
        var ending = await EnterAsync(
            await Keys.CreateAsync(Root, new KeyRequest("carl", Scopes: [KeyScope.Write], ExpiresInDays: 7), Cancel));

        await FailsAsync(() => Keys.CreateAsync(ending, new KeyRequest("carl", Scopes: [KeyScope.Read]), Cancel), ErrorKind.Forbidden);
        await FailsAsync(
            () => Keys.CreateAsync(ending, new KeyRequest("carl", Scopes: [KeyScope.Read], ExpiresInDays: 8), Cancel), ErrorKind.Forbidden);
        await Keys.CreateAsync(ending, new KeyRequest("carl", Scopes: [KeyScope.Read], ExpiresInDays: 7), Cancel);
    }

    [Fact]
    public async Task The_last_use_is_written_once_a_minute_and_seen_at_once()
    {
        var made = await AdminKeyAsync("ada");
        Time.Advance(TimeSpan.FromSeconds(10));
        await EnterAsync(made.Text);
        var used = Time.GetUtcNow().ToUnixTimeMilliseconds();

        Assert.Equal(used, (await Keys.GetAsync(Root, made.Key.Id, Cancel)).LastUsedMs);
        Assert.Null(await StoredUseAsync(made.Key.Id));
        await Uses.WriteAsync(Cancel);
        Assert.Equal(used, await StoredUseAsync(made.Key.Id));

        Assert.Null(await EnterAsync(made.Text[..^1] + "_"));
        Assert.Equal(used, (await Keys.GetAsync(Root, made.Key.Id, Cancel)).LastUsedMs);
    }

    /// <summary>What lets somebody who is over the limit of wrong keys in: a key that was right before.</summary>
    [Fact]
    public async Task A_key_that_was_right_before_is_told_from_one_never_seen()
    {
        var seen = await AdminKeyAsync("ada");
        var unseen = await Keys.CreateAsync(Root, new KeyRequest("ada"), Cancel);
        await EnterAsync(seen);
        Time.Advance(TimeSpan.FromHours(1));

        Assert.NotNull(await SignIn.ByKeyAsync(seen.Text, onlyKnown: true, Cancel));
        Assert.Null(await SignIn.ByKeyAsync(unseen.Text, onlyKnown: true, Cancel));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3661)]
    public async Task A_life_that_is_out_of_range_is_refused(int days)
    {
        var error = await FailsAsync(
            () => Keys.CreateAsync(Root, new KeyRequest("ada", ExpiresInDays: days, Role: Role.Admin), Cancel), ErrorKind.Invalid);
        Assert.Equal($"A key's life in days is 1 to 3660; got {days}.", error.Message);
    }

    [Fact]
    public async Task Fifty_changes_at_once_keep_one_chain_with_a_row_for_each()
    {
        await AdminKeyAsync("ada");
        await using var db = OpenAgain();
        await using var other = Compose(db);
        var elsewhere = (KeyService)other.GetService(typeof(KeyService))!;
        var before = (await Audit.VerifyAsync(Cancel)).Rows;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(
            () => (i % 2 == 0 ? Keys : elsewhere).CreateAsync(Root, new KeyRequest("ada"), Cancel))));

        var verdict = await Audit.VerifyAsync(Cancel);
        Assert.True(verdict.Intact, verdict.Reason);
        Assert.Equal(before + 50, verdict.Rows);
        Assert.Equal(51, (await Keys.ListAsync(Root, "ada", null, 100, Cancel)).Items.Count);
    }

    [Fact]
    public async Task Pages_of_keys_hold_each_key_once()
    {
        await AdminKeyAsync("ada");
        for (var i = 0; i < 6; i++)
        {
            await Keys.CreateAsync(Root, new KeyRequest("ada"), Cancel);
        }

        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = await Keys.ListAsync(Root, null, token, 3, Cancel);
            seen.AddRange(page.Items.Select(key => key.Id));
            token = page.NextPageToken;
        }
        while (token is not null);

        Assert.Equal(7, seen.Distinct().Count());
        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
    }

    private Task<long?> StoredUseAsync(string id) => Db.FirstAsync(
        "select last_used_ms from api_keys where id = @id",
        c => c.With("id", id),
        row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0),
        Cancel);
}

public sealed class KeysOnSqlite() : KeyContract(null);

public sealed class KeysOnPostgres(PostgresServer postgres) : KeyContract(postgres);
