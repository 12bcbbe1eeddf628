using Slipway.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Slipway.Platform.Foundation.Yaml;

public static class YamlFile
{
    private const int MaxBytes = 4 << 20;
    private const int MaxDepth = 100;

    /// <exception cref="SlipwayException">NotFound, or Invalid naming file, line and column.</exception>
    public static YamlMap Read(string file)
    {
        if (!File.Exists(file))
        {
            throw SlipwayException.NotFound($"The file '{file}' does not exist.");
        }

        return Parse(File.ReadAllText(file), Path.GetFileName(file));
    }

    /// <param name="name">What errors call the text.</param>
    public static YamlMap Parse(string text, string name)
    {
        if (text.Length > MaxBytes)
        {
            throw SlipwayException.Invalid($"{name} has {text.Length} characters; the limit is {MaxBytes}.");
        }

        var stream = new YamlStream();
        CheckDepth(text, name);
        var parser = new Parser(new StringReader(text));
        try
        {
            stream.Load(parser);
        }
        catch (YamlException wrong)
        {
            var reason = wrong.InnerException?.Message ?? wrong.Message;
            throw SlipwayException.Invalid($"{name}:{wrong.Start.Line}:{wrong.Start.Column}: {reason}");
        }
        catch (InvalidOperationException)
        {
            // Some malformed flows make the parser fail without a position; where it stood is the best there is.
            var at = parser.Current?.End ?? Mark.Empty;
            throw SlipwayException.Invalid($"{name}:{at.Line}:{at.Column}: this is not YAML.");
        }

        return stream.Documents.Count == 1 && stream.Documents[0].RootNode is YamlMappingNode map
            ? new YamlMap(name, map)
            : throw SlipwayException.Invalid($"{name}:1:1: one document with a mapping at its top is needed.");
    }

    /// <summary>The tree is built by recursion: text from a stranger that nests deep enough would end the process.</summary>
    private static void CheckDepth(string text, string name)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            for (var depth = 0; parser.MoveNext();)
            {
                depth += parser.Current!.NestingIncrease;
                if (depth > MaxDepth)
                {
                    throw SlipwayException.Invalid(
                        $"{name}:{parser.Current.Start.Line}:{parser.Current.Start.Column}: this nests deeper than {MaxDepth} levels.");
                }
            }
        }
        catch (Exception failure) when (failure is YamlException or InvalidOperationException)
        {
            // It is read again to say where and why.
        }
    }
}
