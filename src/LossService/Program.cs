using LossService;
using LossService.Problems;

var builder = WebApplication.CreateBuilder(args);
builder.AddLogging();
builder.AddServer();
builder.AddScoring();
builder.AddApiDocument();

var app = builder.Build();
app.UseRequestIds();
app.UseProblems();
app.UseHead();
app.UseApiDocument();
app.MapHealth();
app.MapLosses();
app.Run();
