using System.Text.RegularExpressions;

namespace Slipway.Core.Reproduction;

/// <summary>
/// Takes secrets out of text that a run keeps, because a run is read by many. What looks like one becomes <c>***</c>; it is
/// better to lose a harmless word than to keep a password, so text that was changed may no longer run or apply as it is.
/// </summary>
public static partial class Secrets
{
    public const string Mark = "***";

    private const string Names =
        @"(?:password|passwd|passphrase|pwd|secret|token|credential|api[-_]?key|access[-_]?key|account[-_]?key|private[-_]?key|secret[-_]?key)";

    /// <summary>From a command line, where a value follows its name after <c>=</c> or a space.</summary>
    public static string FromCommand(string command) => FromShapes(AfterNameInCommand().Replace(command, "$1" + Mark));

    /// <summary>From source code, a diff or a configuration file, where a value follows its name after <c>=</c> or <c>:</c>.</summary>
    public static string FromText(string text) => FromShapes(AfterNameInText().Replace(text, "$1" + Mark));

    /// <summary>What gives itself away by its form: keys of clouds and forges, ours, bearer tokens, passwords in addresses, PEM.</summary>
    private static string FromShapes(string text) =>
        PrivateKey().Replace(Shape().Replace(InAddress().Replace(text, "$1" + Mark + "@"), Mark), "$1" + Mark + "$2");

    [GeneratedRegex(
        "(" + Names + """\s*[=\s]\s*)(?:'[^']*'|"[^"]*"|[^\s;'"]+)""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex AfterNameInCommand();

    [GeneratedRegex(
        "(" + Names + """["']?[ \t]*(?::=|=>|[=:])[ \t]*)(?:'[^'\r\n]+'|"[^"\r\n]+"|[^\s;,'"()\[\]{}]+(?=[ \t;,]*(?:\r?$)))""",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex AfterNameInText();

    [GeneratedRegex(
        @"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bglpat-[A-Za-z0-9_\-]{20,}|\bxox[abprs]-[A-Za-z0-9\-]{10,}"
        + @"|\bsk-[A-Za-z0-9_\-]{20,}|\bslipway_[A-Za-z0-9]+_[A-Za-z0-9_\-]{20,}|(?<=\bBearer )[A-Za-z0-9._~+/\-]{16,}=*",
        RegexOptions.CultureInvariant)]
    private static partial Regex Shape();

    [GeneratedRegex(@"(\b[a-z][a-z0-9+.\-]*://[^\s/@:]*:)[^\s/@]+@", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex InAddress();

    [GeneratedRegex(
        @"(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex PrivateKey();
}
