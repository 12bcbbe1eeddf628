using System.Text.RegularExpressions;
using Slipway.Core.Errors;

namespace Slipway.Protocols.Mlflow;

/// <summary>
/// The services' errors in the words of the protocol, where its clients match them. What is not listed keeps our words, and the
/// code of its kind.
/// </summary>
internal static class MlflowTexts
{
    private static readonly Text[] Texts =
    [
        new(ErrorKind.NotFound, @"\AThere is no run '(.*)'\.\z", MlflowCode.ResourceDoesNotExist, "Run with id=$1 not found"),
        new(ErrorKind.NotFound, @"\AThere is no experiment (-?\d+)\.\z", MlflowCode.ResourceDoesNotExist, "No Experiment with id=$1 exists"),
        new(ErrorKind.NotFound, @"\AThere is no experiment '(.*)'\.\z", MlflowCode.ResourceDoesNotExist, "Could not find experiment with name '$1'"),
        new(ErrorKind.NotFound, @"\AThere is no logged model '(.*)'\.\z", MlflowCode.ResourceDoesNotExist, "Logged model with ID '$1' not found."),
        new(ErrorKind.NotFound, @"\ARun (\S+) has no tag '(.*)'\.\z", MlflowCode.ResourceDoesNotExist, "No tag with name: $2 in run with id $1"),
        new(ErrorKind.NotFound, @"\AExperiment (\d+) has no tag '(.*)'\.\z", MlflowCode.ResourceDoesNotExist, "No tag with name: $2 in experiment with id $1"),
        new(ErrorKind.NotFound, @"\ALogged model (\S+) has no tag '(.*)'\.\z", MlflowCode.ResourceDoesNotExist, "No tag with key '$2' found for model with ID '$1'."),
        new(ErrorKind.Conflict, @"\AThere is an experiment '(.*)' already, number (\d+)\.\z", MlflowCode.ResourceAlreadyExists, "Experiment(name=$1) already exists: its id is $2."),
        new(
            ErrorKind.Conflict, @"\AThere is a deleted experiment '(.*)', number (\d+);.*\z", MlflowCode.ResourceAlreadyExists,
            "Experiment '$1' already exists in deleted state: its id is $2. Restore it, or have it collected as garbage to free its name."),
        new(
            ErrorKind.Conflict, @"\AParam '(.*)' of run (\S+) is '(.*)' and cannot become '(.*)'; params are written once\.\z", MlflowCode.InvalidParameterValue,
            "Changing param values is not allowed. Param with key='$1' was already logged with value='$3' for run ID='$2'. The new value is '$4'."),
        new(
            ErrorKind.Invalid, @"\AA batch holds at most (\d+) (.+); got (\d+)\.\z", MlflowCode.InvalidParameterValue,
            "A batch logging request can contain at most $1 $2. Got $3 $2."),
        new(ErrorKind.Invalid, @"\A(.+) has at most (\d+) characters; got (\d+)\.\z", MlflowCode.InvalidParameterValue, "$1 exceeds the maximum length of $2 characters; it has $3."),
    ];

    /// <returns>The code and the message.</returns>
    public static (string Code, string Message) Of(SlipwayException error)
    {
        foreach (var text in Texts)
        {
            if (text.Kind == error.Kind && text.Ours.Match(error.Message) is { Success: true } match)
            {
                return (text.Code, match.Result(text.Theirs));
            }
        }

        return (MlflowCode.Of(error.Kind), error.Message);
    }

    private sealed record Text(ErrorKind Kind, Regex Ours, string Code, string Theirs)
    {
        public Text(ErrorKind kind, string ours, string code, string theirs)
            : this(kind, new Regex(ours, RegexOptions.CultureInvariant | RegexOptions.Singleline), code, theirs)
        {
        }
    }
}
