#!/usr/bin/env bash
# Builds the image by Dockerfile, then runs it as deploy/compose.yaml and as deploy/kubernetes say, without a cluster.
# Needs root, .NET, curl, jq, kubectl, and Debian's podman, podman-compose, runc, catatonit, debootstrap,
# golang-github-containernetworking-plugin-dnsname, prometheus; half an hour at most.
# usage: containers.sh [--stand-ins]     with it: the base images are made here (stand-ins.sh), where no registry can be reached
set -euo pipefail
cd "$(dirname "$0")/../.."
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
work=$(mktemp -d)
remove() {
  podman-compose -f deploy/compose.yaml down >/dev/null 2>&1 || true
  podman pod rm -f loss-service-pod-0 >/dev/null 2>&1 || true
}
trap 'remove; rm -rf "$work"' EXIT

# podman without systemd, and where the machine has control groups of both versions
export CONTAINERS_CONF=$work/containers.conf
printf '%s\n' '[engine]' 'runtime = "/usr/sbin/runc"' 'cgroup_manager = "cgroupfs"' 'events_logger = "file"' \
  '[containers]' 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]' > "$CONTAINERS_CONF"

ready() {
  for _ in {1..300}; do
    curl -sf "$1" >/dev/null && return
    sleep 0.1
  done
  die "no answer at $1"
}
score() {
  curl -sf -H 'Content-Type: application/json' -d '{"logits":[[2,1]],"labels":[0]}' http://localhost:8080/v1/losses/cross_entropy || die "no score"
  echo
}
confined() {
  local process
  process=$(podman inspect "$1" --format '{{.State.Pid}}')
  grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$process/status"
  grep -q '^Uid:.1654' "/proc/$process/status" || die "not the user app"
  grep -q '^CapBnd:.0*$' "/proc/$process/status" || die "it has capabilities"
  [[ $(podman inspect "$1" --format '{{.HostConfig.ReadonlyRootfs}}') == true ]] || die "its root file system can be written to"
  ! podman exec "$1" sh -c true 2>/dev/null || die "it has a shell"
  podman exec "$1" dotnet LossService.dll probe || die "the probe fails"
  [[ $(curl -sf http://localhost:8080/v1/limits | jq .memory_bytes) == 483183810 ]] || die "its budget is not 45 % of 1 GiB"
}
ends() {
  podman stop -t 30 "$1" >/dev/null 2>&1
  [[ $(podman inspect "$1" --format '{{.State.ExitCode}}') == 0 ]] || die "it did not end with 0"
}

if [[ ${1:-} == --stand-ins ]]; then tests/deploy/stand-ins.sh "$work"; fi
podman build -q --network host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 -t loss-service . >/dev/null
echo "== Image: its own layers"
podman history --human=false loss-service --format '{{.Size}} {{.CreatedBy}}' | grep COPY | cut -c1-40

echo "== Compose"
podman-compose -f deploy/compose.yaml up -d --no-build loss-service prometheus >/dev/null 2>&1
ready http://localhost:8080/readyz
score
confined deploy_loss-service_1
ready http://localhost:9090/-/ready
score
for _ in {1..60}; do
  requests=$(curl -sf 'http://localhost:9090/api/v1/query?query=sum(loss_requests_total)' | jq -r '.data.result[0].value[1] // 0')
  ((requests >= 2)) && break
  sleep 1
done
((requests >= 2)) || die "Prometheus has $requests requests"
echo "Prometheus in its container has $requests requests of the service in its own"
ends deploy_loss-service_1
remove

echo "== Pod of the Deployment"
kubectl kustomize deploy/kubernetes/base > "$work/base.yaml"
podman kube play "$work/base.yaml" >/dev/null 2>&1
ready http://localhost:8080/readyz
score
confined loss-service-pod-0-loss-service
ends loss-service-pod-0-loss-service
echo "the image builds, and runs confined by Compose and as a pod"
