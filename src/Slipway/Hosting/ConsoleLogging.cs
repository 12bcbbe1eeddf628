using Microsoft.Extensions.Logging.Console;
using Slipway.Configuration;
using Slipway.Core.Errors;

namespace Slipway.Hosting;

/// <summary>Logs go to standard error; standard output belongs to what a command answers.</summary>
internal static class ConsoleLogging
{
    public static void AddSlipwayConsole(this ILoggingBuilder logging, SlipwayOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        if (options.LogLevel > LogLevel.Debug)
        {
            logging.AddFilter("Microsoft", Max(options.LogLevel, LogLevel.Warning));
            logging.AddFilter("System", Max(options.LogLevel, LogLevel.Warning));
            logging.AddFilter("Grpc", Max(options.LogLevel, LogLevel.Warning));

            // A server that is starting or stopping is not an error, and /readyz says why it is not ready.
            logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        }

        logging.AddConsoleFormatter<TextLogFormatter, ConsoleFormatterOptions>();
        logging.AddConsoleFormatter<JsonLogFormatter, ConsoleFormatterOptions>();
        logging.AddConsole(console =>
        {
            console.FormatterName = options.LogFormat == LogFormat.Json ? JsonLogFormatter.FormatterName : TextLogFormatter.FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace;
        });
    }

    /// <summary>
    /// Whether the command says the same in its one line, or there is nothing to say: the host logs a failed start that it also
    /// throws, and every service that such a start, or a signal during it, has cancelled.
    /// </summary>
    public static bool IsSaidByCommand(string category, EventId id, Exception? error) =>
        category == "Microsoft.Extensions.Hosting.Internal.Host"
        && (error is OperationCanceledException || (id.Name == "HostedServiceStartupFaulted" && error is SlipwayException));

    private static LogLevel Max(LogLevel left, LogLevel right) => left > right ? left : right;
}
