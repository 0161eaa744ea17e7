using LossService;
using LossService.Formats.Grpc;
using LossService.Formats.Oip;
using LossService.Problems;

var builder = WebApplication.CreateBuilder(args);
builder.AddLogging();
builder.AddServer();
builder.AddDraining();
builder.AddCompression();
builder.AddScoring();
builder.AddOip();
builder.AddGrpcInference();
builder.AddApiDocument();

var app = builder.Build();
app.UseDraining();
app.UseRequestIds();
app.UseProblems();
app.UseHead();
app.UseCompression();
app.UseApiDocument();
app.MapHealth();
app.MapLosses();
app.MapOip();
app.MapGrpcInference();
app.Run();
