using Slipway.SystemTests.Demo;

[assembly: AssemblyFixture(typeof(PostgresServer))]
[assembly: AssemblyFixture(typeof(SmallFlights))]
