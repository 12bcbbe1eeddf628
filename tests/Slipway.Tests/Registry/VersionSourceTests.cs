using Slipway.Core.Errors;
using Slipway.Platform.Registry.Sources;

namespace Slipway.Tests.Registry;

public sealed class VersionSourceTests
{
    private const string Run = "0c06e93cbb46401aab6eaf4f733a9a72";
    private const string Logged = "m-c326d2091ea142adb79a394b54276a96";

    public static TheoryData<string> Local =>
    [
        "/etc/passwd", "etc", "./model", "../model", "file:///etc", "file:/etc", "FILE:///etc", "File:/etc", "file://localhost/etc",
        "file:///etc#fragment", "file:///etc?x=1", "fiLe:///etc", "local:/etc", "C:/windows", "c:\\windows", "\\\\host\\share", "//host/share",
        " file:///etc", "file\u0001:///etc", "model", "~/model", "runs:", "runs", "%66ile:///etc", "mlflow-artifacts", "s3", "s3:bucket",
        "runs:\\etc", "\tfile:///etc", "file:///etc\n",
    ];

    public static TheoryData<string> Climbing =>
    [
        $"runs:/{Run}/../../etc", $"runs:/{Run}/a/../../b", $"runs:/{Run}/%2e%2e/x", $"runs:/{Run}/%252e%252e%252fx", $"runs:/{Run}/..%2fx",
        $"runs:/{Run}/..%5cx", $"runs:/{Run}/a\\..\\b", $"mlflow-artifacts:/1/{Run}/artifacts/../../..", "mlflow-artifacts:/../../etc",
        "mlflow-artifacts://host/../../etc", "s3://bucket/../x", "http://host/a?path=../../etc", "http://host/#/../../etc", "http://host/;../x",
        "models:/../x", $"runs:/{Run}/ .. /x", "hdfs:/../../etc", "s3://b/%25252e%25252e/x", "s3://b/%2525252525252e/x",
        $"mlflow-artifacts:/1/{Run}/artifacts/a#/../../x",
    ];

    [Theory]
    [MemberData(nameof(Local))]
    public void A_path_of_a_local_file_system_is_refused_in_every_disguise(string source) => Refused(source, "runs:/RUN/PATH");

    [Fact]
    public void What_no_database_can_hold_is_refused() =>
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SlipwayException>(() => VersionSource.Parse("file\0:///etc")).Kind);

    [Theory]
    [MemberData(nameof(Climbing))]
    public void A_path_that_climbs_is_refused_however_it_is_written(string source) => Refused(source, "must not climb");

    [Theory]
    [InlineData("runs:/" + Run + "/model#x")]
    [InlineData("runs:/" + Run + "/model?x")]
    [InlineData("runs:/" + Run + "//etc")]
    [InlineData("runs:/" + Run + "/./x")]
    [InlineData("runs:/" + Run + "/a;b")]
    [InlineData("mlflow-artifacts:/1/" + Run + "/artifacts/a%00")]
    public void A_path_of_ours_is_plain(string source) => Refused(source, "Its path takes no");

    private static void Refused(string source, string part)
    {
        var error = Assert.Throws<SlipwayException>(() => VersionSource.Parse(source));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.StartsWith("Invalid model version source: '", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_among_our_artifacts_is_understood()
    {
        foreach (var (text, source) in new (string, VersionSource)[]
        {
            ($"runs:/{Run}/sub/my model", new InRun("", Run, "sub/my model")),
            ($"runs:/{Run}", new InRun("", Run, "")),
            ($"RUNS:/{Run}/m/", new InRun("", Run, "m")),
            ($"models:/{Logged}", new InLoggedModel("", Logged, "")),
            ($"mlflow-artifacts:/3/models/{Logged}/artifacts", new InLoggedModel("", Logged, "")),
            ($"mlflow-artifacts:/4/{Run}/artifacts/model", new InRun("", Run, "model")),
            ("models:/delay/3", new OfVersion("", "delay", "3")),
            ("models:/delay@champion", new OfVersion("", "delay", "champion")),
        })
        {
            Assert.Equal(source with { Text = text }, VersionSource.Parse(text));
        }
    }

    [Theory]
    [InlineData("s3://bucket/path/model")]
    [InlineData("S3://bucket/a#b")]
    [InlineData("dbfs:/models/x")]
    [InlineData("wasbs://c@account.blob.core.windows.net/x")]
    [InlineData("https://host/model?version=2")]
    [InlineData("mlflow-artifacts://other:5000/1/" + Run + "/artifacts")]
    [InlineData("models:/delay")]
    public void What_lies_elsewhere_is_kept_as_text(string source) => Assert.Equal(new Elsewhere(source), VersionSource.Parse(source));
}
