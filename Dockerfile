# docker build -t loss-service .        builds for the machine's architecture, or --platform linux/amd64,linux/arm64
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source

# what a restore reads, and no more: the packages are fetched anew only when a dependency changes, not with the source
COPY Directory.Build.props Directory.Packages.props global.json ./
COPY src/LossService.Core/LossService.Core.csproj src/LossService.Core/packages.lock.json src/LossService.Core/
COPY src/LossService/LossService.csproj src/LossService/packages.lock.json src/LossService/
# locked first: every package is the one of the lock file, or the build ends; then what the architecture adds, the compiler to native code
RUN dotnet restore src/LossService --locked-mode \
 && dotnet restore src/LossService --arch $TARGETARCH -p:PublishReadyToRun=true

COPY .editorconfig ./
COPY src src
RUN dotnet publish src/LossService --no-restore --configuration Release --arch $TARGETARCH --self-contained false \
    -p:PublishReadyToRun=true -p:ContinuousIntegrationBuild=true \
    --output /app

# no shell, no package manager, no root
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app .

# localhost is nobody outside the container, and the base image's own port setting would be overridden with a warning.
# The garbage collector keeps to 60 % of the container's memory (the variable is hexadecimal), since batches lie outside its
# heap, and gives back what it does not need. No debugger port. Told to stop, it serves on until an orchestrator's probe has
# seen that it is not ready.
ENV Kestrel__Endpoints__Http__Url=http://+:8080 \
    Kestrel__Endpoints__Grpc__Url=http://+:8081 \
    ASPNETCORE_HTTP_PORTS= \
    Limits__DrainSeconds=5 \
    DOTNET_GCHeapHardLimitPercent=3C \
    DOTNET_GCDynamicAdaptationMode=1 \
    DOTNET_EnableDiagnostics=0

EXPOSE 8080 8081
USER $APP_UID
ENTRYPOINT ["dotnet", "LossService.dll"]
