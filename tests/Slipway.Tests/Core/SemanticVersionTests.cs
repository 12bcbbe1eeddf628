using FsCheck;
using FsCheck.Fluent;
using Slipway.Core.Errors;
using Slipway.Core.Versioning;
using Slipway.Platform.Foundation;

namespace Slipway.Tests.Core;

public sealed class SemanticVersionTests
{
    private static readonly Arbitrary<SemanticVersion> Any = Arb.From(
        from numbers in Gen.Choose(0, 3).ArrayOf(3)
        from count in Gen.Choose(0, 4)
        from identifiers in Gen.Elements("0", "1", "10", "9", "a", "B", "a-1", "99999999999999999999999").ArrayOf(count)
        select SemanticVersion.Parse(string.Join('.', numbers) + (count == 0 ? "" : "-" + string.Join('.', identifiers))));

    [Fact]
    public void Order_is_that_of_the_specification()
    {
        // The example of §11.4, and of §11.2 after it.
        string[] ascending =
        [
            "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
            "1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.1.9", "2.1.10",
        ];
        Assert.Equal(ascending, ascending.Reverse().Select(SemanticVersion.Parse).Order().Select(v => v.ToString()));
        for (var i = 1; i < ascending.Length; i++)
        {
            Assert.True(SemanticVersion.Parse(ascending[i - 1]) < SemanticVersion.Parse(ascending[i]));
        }
    }

    [Fact]
    public void Build_metadata_does_not_count_in_the_order()
    {
        var (a, b) = (SemanticVersion.Parse("1.0.0+a"), SemanticVersion.Parse("1.0.0+b"));
        Assert.Equal(0, a.CompareTo(b));
        Assert.NotEqual(a, b);
    }

    [Theory]
    [InlineData("0.0.4")]
    [InlineData("10.20.30")]
    [InlineData("1.1.2-prerelease+meta")]
    [InlineData("1.0.0-0A.is.legal")]
    [InlineData("1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay")]
    [InlineData("1.0.0+0.build.1-rc.10000aaa-kk-0.1")]
    [InlineData("2.0.1-alpha.1227")]
    [InlineData("1.2.3----RC-SNAPSHOT.12.9.1--.12")]
    public void A_valid_version_is_read_and_written_alike(string text) =>
        Assert.Equal(text, SemanticVersion.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.2")]
    [InlineData("v1.2.3")]
    [InlineData("01.1.1")]
    [InlineData("1.01.1")]
    [InlineData("1.2.3-01")]
    [InlineData("1.2.3-")]
    [InlineData("1.2.3+")]
    [InlineData("1.2.3-a..b")]
    [InlineData("1.2.3-é")]
    [InlineData("1.2.3\n")]
    [InlineData(" 1.2.3")]
    [InlineData("-1.0.0")]
    [InlineData("1.2.99999999999999999999")]
    [InlineData("1.2.3.4")]
    public void What_is_no_version_is_refused_by_name(string text)
    {
        var error = Assert.Throws<SlipwayException>(() => SemanticVersion.Parse(text));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.2.3", VersionBump.Major, "2.0.0")]
    [InlineData("1.2.3", VersionBump.Minor, "1.3.0")]
    [InlineData("1.2.3", VersionBump.Patch, "1.2.4")]
    [InlineData("2.0.0-rc.1", VersionBump.Major, "2.0.0")]
    [InlineData("1.3.0-rc.1", VersionBump.Minor, "1.3.0")]
    [InlineData("1.2.4-rc.1", VersionBump.Patch, "1.2.4")]
    [InlineData("1.2.4-rc.1", VersionBump.Minor, "1.3.0")]
    [InlineData("1.2.3+build", VersionBump.Patch, "1.2.4")]
    public void A_bump_leads_to_the_next_release(string from, VersionBump bump, string to) =>
        Assert.Equal(to, SemanticVersion.Parse(from).Next(bump).ToString());

    [Fact]
    public void Every_bump_is_higher() => Prop.ForAll(Any, version =>
        Enum.GetValues<VersionBump>().All(bump => version.Next(bump) > version)).QuickCheckThrowOnFailure();

    [Fact]
    public void Text_and_json_keep_a_version() => Prop.ForAll(Any, version =>
        SemanticVersion.Parse(version.ToString()) == version
        && Json.Write(version) == $"\"{version}\""
        && Json.Read<SemanticVersion>(Json.Write(version)) == version).QuickCheckThrowOnFailure();

    [Fact]
    public void Order_is_total() => Prop.ForAll(Any, Any, Any, (a, b, c) =>
        Math.Sign(a.CompareTo(b)) == -Math.Sign(b.CompareTo(a))
        && (a == b) == (a.CompareTo(b) == 0)
        && (a > b || b > c || a <= c)).QuickCheckThrowOnFailure();
}
