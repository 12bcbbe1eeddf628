return await Slipway.Commands.CommandLine.RunAsync(args);
