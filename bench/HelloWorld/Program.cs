// The least an ASP.NET Core server can be: the peer that start-up is measured against.
var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/readyz", () => "ready");
app.Run();
