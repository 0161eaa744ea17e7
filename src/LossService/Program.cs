using LossService.Api;
using LossService.Formats.OpenInference.Grpc;
using LossService.Formats.OpenInference.Http;
using LossService.Hosting;
using LossService.Http;
using LossService.OpenApi;

WarmUp.Start();
// slim: without HTTP/3, IIS and the framework's own loggers, which take 20 ms of the start; HTTPS stays, for those who set it
var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseKestrelHttpsConfiguration();
builder.AddLogging();
builder.AddServer();
builder.AddTelemetry();
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
app.MapIndex();
app.MapHealth();
app.MapMetrics();
app.MapLosses();
app.MapOip();
app.MapGrpcInference();
app.Run();
