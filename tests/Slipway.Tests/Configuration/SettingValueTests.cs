using FsCheck;
using FsCheck.Fluent;
using Slipway.Configuration;

namespace Slipway.Tests.Configuration;

public sealed class SettingValueTests
{
    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("30s", 30_000)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    public void A_duration_is_a_number_with_its_unit(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), SettingValue.Duration(text, TimeSpan.Zero, TimeSpan.FromHours(1)));

    [Theory]
    [InlineData("30")]
    [InlineData("-1s")]
    [InlineData("1.5s")]
    [InlineData("30S")]
    [InlineData("30s\n")]
    [InlineData("61m")]
    [InlineData("999999999h")]
    public void Anything_else_is_not_a_duration(string text) => Assert.Throws<FormatException>(
        () => SettingValue.Duration(text, TimeSpan.Zero, TimeSpan.FromHours(1)));

    [Theory]
    [InlineData("1024B", 1024)]
    [InlineData("1KiB", 1024)]
    [InlineData("32MiB", 33_554_432)]
    [InlineData("4GiB", 4_294_967_296)]
    public void A_size_has_a_binary_unit(string text, long bytes) =>
        Assert.Equal(bytes, SettingValue.Bytes(text, 1024, 4L << 30));

    [Theory]
    [InlineData("1023B")]
    [InlineData("5GiB")]
    [InlineData("32MB")]
    [InlineData("32")]
    public void A_size_out_of_range_or_without_unit_is_refused(string text) =>
        Assert.Throws<FormatException>(() => SettingValue.Bytes(text, 1024, 4L << 30));

    [Theory]
    [InlineData("http://127.0.0.1:8080", "127.0.0.1", 8080, true)]
    [InlineData("http://localhost:0/", "127.0.0.1", 0, true)]
    [InlineData("http://[::1]:80", "::1", 80, true)]
    [InlineData("http://*:8080", "*", 8080, false)]
    [InlineData("http://+:8080", "*", 8080, false)]
    [InlineData("http://0.0.0.0:65535", "0.0.0.0", 65535, false)]
    [InlineData("http://[::]:1", "::", 1, false)]
    public void An_address_is_a_host_and_a_port(string text, string host, int port, bool loopback)
    {
        var address = ListenAddress.Parse(text);

        Assert.Equal(new ListenAddress(host, port), address);
        Assert.Equal(loopback, address.IsLoopback);
    }

    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("https://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://[::1]")]
    [InlineData("http://::1:80")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://127.0.0.1:-1")]
    [InlineData("http://127.0.0.1:80/path")]
    [InlineData("http://example.org:80")]
    public void Anything_else_is_not_an_address(string text) =>
        Assert.Throws<FormatException>(() => ListenAddress.Parse(text));

    [Fact]
    public void An_address_reads_what_it_writes() => Prop.ForAll(
        Gen.Elements("127.0.0.1", "*", "::1", "::", "10.1.2.3").ToArbitrary(),
        Gen.Choose(0, 65535).ToArbitrary(),
        (host, port) => ListenAddress.Parse(new ListenAddress(host, port).ToString()) == new ListenAddress(host, port))
        .QuickCheckThrowOnFailure();

    [Fact]
    public void A_model_is_a_name_and_a_file_that_exists()
    {
        using var folder = new TempFolder();
        var file = folder.WriteText("m.onnx", "");

        Assert.Equal([new ModelFile("flights-1.0", file)], SettingValue.ModelFiles([$"flights-1.0={file}"]));
        Assert.Throws<FormatException>(() => SettingValue.ModelFiles([$"a={file}", $"a={file}"]));
        Assert.Throws<FormatException>(() => SettingValue.ModelFiles([$"a/b={file}"]));
        Assert.Throws<FormatException>(() => SettingValue.ModelFiles([file]));
    }
}
