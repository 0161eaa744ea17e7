# docker build -t loss-service .        for this machine's architecture; for several: --platform linux/amd64,linux/arm64
# --build-arg VERSION=1.2.3             sets the version of the assemblies and of the image label; this one is that of Directory.Build.props
ARG VERSION=1.0.0

FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source

# only the files that a restore reads, so packages are fetched again only when a dependency changes
COPY Directory.Build.props Directory.Packages.props global.json ./
COPY src/LossService.Core/LossService.Core.csproj src/LossService.Core/packages.lock.json src/LossService.Core/
COPY src/LossService/LossService.csproj src/LossService/packages.lock.json src/LossService/
# first in locked mode: the build fails unless every package is that of the lock file. The second restore adds the packages of the
# architecture, such as the native compiler
RUN dotnet restore src/LossService --locked-mode \
 && dotnet restore src/LossService --arch $TARGETARCH -p:PublishReadyToRun=true

COPY .editorconfig ./
COPY src src
ARG VERSION
RUN dotnet publish src/LossService --no-restore --configuration Release --arch $TARGETARCH --self-contained false \
    -p:PublishReadyToRun=true -p:ContinuousIntegrationBuild=true -p:Version=$VERSION \
    --output /app
# two layers, libraries and the service: a new version of the service leaves the larger one as it was. For that, file times are equal
RUN mkdir /own && mv /app/LossService* /app/appsettings* /app/Api /app/OpenApi /own && find /app /own -exec touch --date=@0 {} +

# the runtime image has no shell and no package manager
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG VERSION
LABEL org.opencontainers.image.title="LossService" \
      org.opencontainers.image.description="Losses, per-sample losses and gradients of batches of predictions, over HTTP and gRPC" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION"
WORKDIR /app
COPY --from=build /app .
COPY --from=build /own .

# Kestrel listens on all interfaces, because a container's localhost is not reachable from outside. ASPNETCORE_HTTP_PORTS of the base
# image is emptied: Kestrel would override it with a warning. Unused memory is returned. Debugger ports are off. After SIGTERM the
# service accepts requests for 5 more seconds, until load balancers have seen that it is not ready.
ENV Kestrel__Endpoints__Http__Url=http://+:8080 \
    Kestrel__Endpoints__Grpc__Url=http://+:8081 \
    ASPNETCORE_HTTP_PORTS= \
    Limits__DrainSeconds=5 \
    WarmUp__Seconds=10 \
    DOTNET_GCDynamicAdaptationMode=1 \
    DOTNET_EnableDiagnostics=0

EXPOSE 8080 8081
USER $APP_UID
ENTRYPOINT ["dotnet", "LossService.dll"]
