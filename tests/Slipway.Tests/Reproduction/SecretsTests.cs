using Slipway.Core.Reproduction;

namespace Slipway.Tests.Reproduction;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("serve --database Host=db;Username=u;Password=s3cret;Port=1", "serve --database Host=db;Username=u;Password=***;Port=1")]
    [InlineData("serve --database \"Host=db;pwd=s3cret\"", "serve --database \"Host=db;pwd=***\"")]
    [InlineData("train --api-key s3cret --seed 1", "train --api-key *** --seed 1")]
    [InlineData("train --token='s3 cret' x", "train --token=*** x")]
    [InlineData("curl https://me:s3cret@host/x", "curl https://me:***@host/x")]
    [InlineData("run slipway_abc_0123456789abcdefghijklmnop", "run ***")]
    [InlineData("demo flights --exit", "demo flights --exit")]
    public void A_command_line_is_kept_without_its_secrets(string given, string kept) => Assert.Equal(kept, Secrets.FromCommand(given));

    [Theory]
    [InlineData("+    \"password\": \"s3cret\",", "+    \"password\": ***,")]
    [InlineData("+DB_PASSWORD=s3cret", "+DB_PASSWORD=***")]
    [InlineData("+  api_key: s3cret", "+  api_key: ***")]
    [InlineData("+client_secret = 'a b'", "+client_secret = ***")]
    [InlineData("+aws AKIAIOSFODNN7EXAMPLE", "+aws ***")]
    [InlineData("+Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "+Authorization: Bearer ***")]
    [InlineData("+-----BEGIN RSA PRIVATE KEY-----\n+MIIE\n+-----END RSA PRIVATE KEY-----", "+-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----")]
    [InlineData("+var token = NextToken(reader);", "+var token = NextToken(reader);")]
    [InlineData("+password = os.environ[\"DB\"]", "+password = os.environ[\"DB\"]")]
    [InlineData("+// The secret of a token is to keep it.", "+// The secret of a token is to keep it.")]
    public void A_diff_is_kept_without_its_secrets_and_with_its_code(string given, string kept) => Assert.Equal(kept, Secrets.FromText(given));
}
