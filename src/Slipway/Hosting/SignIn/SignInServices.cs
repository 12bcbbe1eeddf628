using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;
using Slipway.Configuration;

namespace Slipway.Hosting.SignIn;

internal static class SignInServices
{
    public static IServiceCollection AddSignIn(this IServiceCollection services, SlipwayOptions options)
    {
        services.AddSingleton<SignInPolicy>().AddSingleton<TokenSignIn>().AddSingleton<SignatureSignIn>().AddSingleton<FailureLimit>().AddHostedService<SignInStartup>();
        if (options.Oidc is { } oidc)
        {
            // A default that no handler has: the framework would otherwise ask this one before sign-in does, and keep its answer.
            services.AddAuthentication(defaultScheme: "none").AddJwtBearer(jwt => Configure(jwt, oidc));
        }

        return services;
    }

    private static void Configure(JwtBearerOptions jwt, OidcOptions oidc)
    {
        jwt.Authority = oidc.Authority!.ToString();
        jwt.Audience = oidc.Audience;

        // The setting takes plain http only for this machine.
        jwt.RequireHttpsMetadata = oidc.Authority.Scheme == "https";
        jwt.MapInboundClaims = false;
        jwt.TokenValidationParameters.ValidAlgorithms =
        [
            SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
            SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
            SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
        ];
        jwt.TokenValidationParameters.ClockSkew = TimeSpan.FromMinutes(1);
        jwt.Events = new JwtBearerEvents { OnMessageReceived = TakeToken };
    }

    private static Task TakeToken(MessageReceivedContext context)
    {
        context.Token = (string?)context.HttpContext.Items[TokenSignIn.TokenItem];
        return Task.CompletedTask;
    }
}
