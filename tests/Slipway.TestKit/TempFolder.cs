namespace Slipway.TestKit;

/// <summary>An empty folder of one test, deleted with everything in it when the test ends.</summary>
public sealed class TempFolder : IDisposable
{
    public TempFolder() => FullPath = Directory.CreateTempSubdirectory("slipway-test-").FullName;

    public string FullPath { get; }

    public string Combine(params ReadOnlySpan<string> parts) => Path.Combine([FullPath, .. parts]);

    public string WriteText(string name, string text)
    {
        var file = Combine(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose()
    {
        if (Directory.Exists(FullPath))
        {
            Directory.Delete(FullPath, recursive: true);
        }
    }
}
