namespace Slipway.Tests;

public sealed class SmokeTests
{
    [Fact] public void An_error_names_its_kind() => Assert.Equal(1, 1);
}
