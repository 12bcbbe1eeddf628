using Slipway.Core.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Slipway.Configuration;

/// <summary>Reads slipway.yaml: one flat mapping of setting keys to a value or a list of values.</summary>
internal static class YamlSettings
{
    public static IReadOnlyList<GivenSetting> Read(string file)
    {
        var name = Path.GetFileName(file);
        try
        {
            using var reader = new StreamReader(file);
            return Read(new Parser(reader), name);
        }
        catch (YamlException error)
        {
            throw SlipwayException.Invalid($"{name}:{error.Start.Line}: this is not YAML: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw SlipwayException.Invalid($"the configuration file '{file}' cannot be read: {error.Message}");
        }
    }

    private static List<GivenSetting> Read(Parser parser, string name)
    {
        var given = new List<GivenSetting>();
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _) || IsEmptyDocument(parser))
        {
            return given;
        }

        if (!parser.TryConsume<MappingStart>(out _))
        {
            throw SlipwayException.Invalid($"{name}:{parser.Current!.Start.Line}: the file is not a mapping of keys to values");
        }

        while (!parser.TryConsume<MappingEnd>(out _))
        {
            given.Add(ReadSetting(parser, name, given));
        }

        return given;
    }

    private static bool IsEmptyDocument(Parser parser) =>
        parser.Accept<Scalar>(out var scalar) && scalar.Value.Length == 0;

    private static GivenSetting ReadSetting(Parser parser, string name, List<GivenSetting> before)
    {
        if (!parser.TryConsume<Scalar>(out var key))
        {
            throw SlipwayException.Invalid($"{name}:{parser.Current!.Start.Line}: a key is not plain text");
        }

        var place = $"{name}:{key.Start.Line}";
        if (Settings.Find(key.Value) is not { } setting)
        {
            var suggestion = NearestMatch.Suggest(key.Value, Settings.All.Select(known => known.Key));
            throw SlipwayException.Invalid(
                $"{place}: unknown key '{key.Value}'{suggestion}; known keys: {string.Join(", ", Settings.All.Select(known => known.Key))}");
        }

        if (before.Any(earlier => earlier.Setting == setting))
        {
            throw SlipwayException.Invalid($"{place}: the key '{key.Value}' is given twice");
        }

        var source = $"{place} ({key.Value})";
        return new GivenSetting(setting, ReadValues(parser, setting, source), source);
    }

    private static List<string> ReadValues(Parser parser, Setting setting, string source)
    {
        if (parser.TryConsume<Scalar>(out var single))
        {
            return [NotEmpty(single, setting, source)];
        }

        if (!parser.TryConsume<SequenceStart>(out _))
        {
            throw SlipwayException.Invalid($"{source}: the value is not plain text; give {setting.Legal}");
        }

        var values = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            values.Add(parser.TryConsume<Scalar>(out var item)
                ? NotEmpty(item, setting, source)
                : throw SlipwayException.Invalid($"{source}: a list item is not plain text; give {setting.Legal}"));
        }

        return values.Count > 0 && (setting.TakesMany || values.Count == 1)
            ? values
            : throw SlipwayException.Invalid(
                $"{source}: takes {(setting.TakesMany ? "at least one value" : "one value")} and got {values.Count}");
    }

    private static string NotEmpty(Scalar scalar, Setting setting, string source) => scalar.Value.Length > 0
        ? scalar.Value
        : throw SlipwayException.Invalid($"{source}: there is no value; give {setting.Legal}");
}
