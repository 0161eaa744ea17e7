#!/usr/bin/env bash
# Images in place of those that deploy/ names, from Debian's packages and this machine's .NET: for a machine that reaches no registry of
# images. They have the names, variables and users of the real ones; what they contain differs. Needs root, podman, debootstrap, prometheus.
# usage: stand-ins.sh FOLDER     FOLDER: an empty one, of 1 GB
set -euo pipefail
root=$(realpath "$1")/root
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")

debootstrap --variant=minbase --include=ca-certificates,libssl3,libstdc++6,zlib1g,tzdata bookworm "$root" >/dev/null
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp -a "$dotnet" "$root/usr/share/dotnet"
ln -s ../share/dotnet/dotnet "$root/usr/bin/dotnet"
common=(--change 'ENV DOTNET_RUNNING_IN_CONTAINER=true' --change 'ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true')
tar -C "$root" -c . | podman import -q "${common[@]}" --change 'ENV PATH=/usr/sbin:/usr/bin' - mcr.microsoft.com/dotnet/sdk:10.0

# the runtime's image has no shell, no package manager, and the user app
chroot "$root" useradd --uid 1654 app
rm -r "$root"/usr/share/dotnet/{sdk,packs,templates,sdk-manifests}
rm "$root"/usr/bin/{sh,dash,bash,rbash,apt*,dpkg*,perl*}
tar -C "$root" -c . | podman import -q "${common[@]}" --change 'ENV PATH=/usr/bin' \
  --change 'ENV APP_UID=1654' --change 'ENV ASPNETCORE_HTTP_PORTS=8080' - mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled

cp "$(command -v prometheus)" "$root/usr/bin/"
mkdir -m 777 "$root/prometheus"
tar -C "$root" -c . | podman import -q --change 'ENTRYPOINT ["/usr/bin/prometheus"]' --change 'USER 65534' \
  --change 'VOLUME /prometheus' - docker.io/prom/prometheus:v3.5.0
