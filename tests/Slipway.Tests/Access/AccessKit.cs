using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Core.Errors;
using Slipway.Platform.Access;
using Slipway.Platform.Foundation.Database;
using Slipway.Platform.Foundation.Jobs;

namespace Slipway.Tests.Access;

/// <summary>The real module on a database of its own, with the admin <c>root</c>.</summary>
public abstract class AccessKit(PostgresServer? postgres) : OnBothEngines(postgres)
{
    protected static readonly Actor Root = new("root", Role.Admin);

    private ServiceProvider services = null!;

    protected KeyService Keys => services.GetRequiredService<KeyService>();

    protected PrincipalService Principals => services.GetRequiredService<PrincipalService>();

    protected GrantService Grants => services.GetRequiredService<GrantService>();

    protected ApprovalService Approvals => services.GetRequiredService<ApprovalService>();

    protected AuditLog Audit => services.GetRequiredService<AuditLog>();

    protected SignInService SignIn => services.GetRequiredService<SignInService>();

    private protected KeyUses Uses => services.GetRequiredService<KeyUses>();

    protected override Task PrepareAsync()
    {
        services = Compose(Db);
        return Task.CompletedTask;
    }

    /// <summary>The module as another server on the same database would have it.</summary>
    private protected ServiceProvider Compose(Db db)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        collection.AddSingleton(db).AddSingleton<TimeProvider>(Time).AddSingleton(new JobOptions()).AddSingleton<JobService>();
        return collection.AddAccess().BuildServiceProvider();
    }

    protected Task<NewKey> AdminKeyAsync(string name, params KeyScope[] scopes) => KeyAsync(name, Role.Admin, scopes);

    protected Task<NewKey> KeyAsync(string name, Role role, params KeyScope[] scopes) =>
        Keys.CreateAsync(Root, new KeyRequest(name, Scopes: scopes, Role: role), Cancel);

    protected async Task<Actor?> EnterAsync(string text) => await SignIn.ByKeyAsync(text, onlyKnown: false, Cancel);

    protected async Task<Actor> EnterAsync(NewKey key) =>
        await EnterAsync(key.Text) ?? throw new InvalidOperationException($"Key {key.Key.Id} does not open.");

    protected static async Task<SlipwayException> FailsAsync(Func<Task> act, ErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<SlipwayException>(act);
        Assert.Equal(kind, error.Kind);
        return error;
    }
}
