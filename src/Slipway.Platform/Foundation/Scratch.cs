namespace Slipway.Platform.Foundation;

/// <summary>Short-lived files below the data folder, so that they share its disk. What a crash leaves is removed at the next start.</summary>
public sealed class Scratch
{
    private readonly string root;

    public Scratch(FoundationOptions options)
    {
        root = Path.Combine(options.DataDirectory, "tmp");
        Clear();
    }

    /// <summary>A new, empty folder that is deleted with everything in it when it is disposed.</summary>
    public ScratchFolder Open() => new(Directory.CreateDirectory(Path.Combine(root, Guid.CreateVersion7().ToString("N"))).FullName);

    private void Clear()
    {
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }
    }
}

public sealed class ScratchFolder(string path) : IDisposable
{
    public string File(string name) => Path.Combine(path, name);

    public void Dispose() => Directory.Delete(path, recursive: true);
}
