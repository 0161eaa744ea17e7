#!/usr/bin/env bash
# The published service as deploy/compose.yaml and deploy/kubernetes confine it, without a container: a root file system that is read-only,
# user 1654, no capability, none to be had. It must start, score a batch, answer its probe and end with 0. Needs root, curl, setpriv.
# usage: confined.sh FOLDER     FOLDER: where `dotnet publish src/LossService -c Release -o FOLDER` put it, readable by all
set -euo pipefail
[[ ${2:-} == inside ]] || exec unshare --mount bash "$0" "$(realpath "$1")" inside

mount --make-rprivate /
mount --bind / /
mount -o remount,bind,ro /
cd /
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
! touch /tmp/written 2>/dev/null || die "the root file system can be written to"

port=$((20000 + RANDOM % 10000))
export HOME=/nowhere ASPNETCORE_ENVIRONMENT=Production DOTNET_EnableDiagnostics=0
export Kestrel__Endpoints__Http__Url="http://+:$port" Kestrel__Endpoints__Grpc__Url="http://+:$((port + 1))"
confined=(setpriv --reuid 1654 --regid 1654 --clear-groups --bounding-set -all --inh-caps -all --no-new-privs)

"${confined[@]}" dotnet "$1/LossService.dll" >/dev/null &
pid=$!
trap 'kill -9 $pid 2>/dev/null || true' EXIT
for _ in {1..100}; do
  curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break
  sleep 0.1
done
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' "/proc/$pid/status"
"${confined[@]}" dotnet "$1/LossService.dll" probe || die "the probe fails"
curl -sf -H 'Content-Type: application/json' -d '{"logits":[[2,1]],"labels":[0]}' "http://127.0.0.1:$port/v1/losses/cross_entropy" || die "no score"
kill "$pid"
wait "$pid" || die "it ended with $?"
printf '\nstarts, scores and stops, confined\n'
