using Slipway.Configuration;
using Slipway.Core.Errors;
using Slipway.Hosting;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation;
using Slipway.Platform.Foundation.Database;

namespace Slipway.Commands.Access;

/// <summary>Works on the database itself, as the person at the machine: who can write the data folder needs no key.</summary>
internal sealed class LocalAccess : IAccessDoor
{
    private readonly DataFolder? folder;
    private readonly ServiceProvider services;

    private LocalAccess(DataFolder? folder, ServiceProvider services) => (this.folder, this.services) = (folder, services);

    private KeyService Keys => services.GetRequiredService<KeyService>();

    private PrincipalService Principals => services.GetRequiredService<PrincipalService>();

    private GrantService Grants => services.GetRequiredService<GrantService>();

    private AuditLog Audit => services.GetRequiredService<AuditLog>();

    /// <param name="mayCreate">Whether a data folder that does not exist is made.</param>
    /// <exception cref="SlipwayException">There are no data here, or a server holds them.</exception>
    public static async Task<LocalAccess> OpenAsync(SlipwayOptions options, bool mayCreate, CancellationToken cancel)
    {
        if (!mayCreate && options.Database is null && !File.Exists(options.SqliteFile))
        {
            throw SlipwayException.NotFound($"there are no data of Slipway in '{options.DataDirectory}'; say with --data where they are");
        }

        // PostgreSQL serves many processes; the files of a data folder one.
        var folder = options.Database is null ? Hold(options.DataDirectory) : null;
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddFoundation(new FoundationOptions(options.DataDirectory, options.Database))
            .AddAccess()
            .BuildServiceProvider();
        var opened = new LocalAccess(folder, services);
        try
        {
            await services.GetRequiredService<Migrator>().MigrateAsync(cancel);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    public Task<NewKey> CreateKeyAsync(KeyRequest request, CancellationToken cancel) => Keys.CreateAsync(Actors.Local, request, cancel);

    public Task<List<ApiKey>> KeysAsync(string? principal, CancellationToken cancel) =>
        Paging.AllAsync(token => Keys.ListAsync(Actors.Local, principal, token, 1000, cancel));

    public Task RevokeKeyAsync(string id, CancellationToken cancel) => Keys.RevokeAsync(Actors.Local, id, cancel);

    public Task<Principal> CreatePrincipalAsync(string name, PrincipalKind kind, Role role, CancellationToken cancel) =>
        Principals.CreateAsync(Actors.Local, name, kind, role, cancel);

    public Task<List<Principal>> PrincipalsAsync(CancellationToken cancel) =>
        Paging.AllAsync(token => Principals.ListAsync(Actors.Local, token, 1000, cancel));

    public Task<Principal> PrincipalAsync(string name, CancellationToken cancel) => Principals.GetAsync(Actors.Local, name, cancel);

    public Task<Principal> ChangePrincipalAsync(string name, PrincipalChange change, CancellationToken cancel) =>
        Principals.ChangeAsync(Actors.Local, name, change, cancel);

    public Task DeletePrincipalAsync(string name, CancellationToken cancel) => Principals.DeleteAsync(Actors.Local, name, cancel);

    public Task GrantAsync(string name, AccessScope scope, Role role, CancellationToken cancel) =>
        Grants.GrantAsync(Actors.Local, name, scope, role, cancel);

    public Task RemoveGrantAsync(string name, AccessScope scope, CancellationToken cancel) =>
        Grants.RemoveAsync(Actors.Local, name, scope, cancel);

    public Task<AuditVerdict> VerifyAsync(CancellationToken cancel) => Audit.VerifyAsync(cancel);

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(string? objectRef, string? actor, int limit, CancellationToken cancel) =>
        (await Audit.ListAsync(objectRef, actor, null, limit, cancel)).Items;

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        folder?.Dispose();
    }

    private static DataFolder Hold(string path)
    {
        try
        {
            return DataFolder.Open(path);
        }
        catch (SlipwayException held) when (held.Kind == ErrorKind.Conflict)
        {
            throw new SlipwayException(
                ErrorKind.Conflict, $"a server holds the data folder '{path}'; go through it with --server URL and the key of an admin", held);
        }
    }
}
