namespace Slipway.TestKit;

/// <summary>What a test needs from the machine: a developer without it sees a skipped test, CI sees a failed one.</summary>
public static class Requirement
{
    /// <summary>Whether <c>CI=true</c>, under which nothing may be skipped.</summary>
    public static bool InCi => string.Equals(
        Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Ends the current test: skipped with <paramref name="reason"/>, or failed with it in CI.</summary>
    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    public static void Missing(string reason)
    {
        if (InCi)
        {
            Assert.Fail($"{reason} CI=true, so this is a failure and not a skip.");
        }

        Assert.Skip(reason);
    }
}
