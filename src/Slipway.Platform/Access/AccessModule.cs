using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Slipway.Platform.Access;

public static class AccessModule
{
    /// <summary>Needs <c>Db</c> and <c>TimeProvider</c>; <see cref="ApprovalOptions"/> registered before keep their values.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.TryAddSingleton(new ApprovalOptions());
        return services
            .AddSingleton<AccessService>().AddSingleton<AuditLog>().AddSingleton<ApprovalService>()
            .AddSingleton<SignInCache>().AddSingleton<SignInService>()
            .AddSingleton<PrincipalService>().AddSingleton<GrantService>().AddSingleton<KeyService>()
            .AddSingleton<KeyUses>().AddHostedService(provider => provider.GetRequiredService<KeyUses>());
    }
}
