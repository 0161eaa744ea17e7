#!/usr/bin/env bash
# Prometheus takes the configuration and the alerts of deploy/prometheus and scrapes the built service; its queries return what was posted,
# and each expression of the dashboard has data under load. Needs prometheus and promtool (Debian: prometheus), curl, Python 3 and a
# Release build. Exit code 0 = all checks passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

folder=$(mktemp -d)
pids=()
cleanup() {
  local status=$?
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  ((status == 0)) || tail -n 20 "$folder"/*.log >&2
  rm -rf "$folder"
  exit "$status"
}
trap cleanup EXIT

die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# waits until a command succeeds: seconds command…
await() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "not within the time: $*"
    sleep 0.2
  done
}

http=$((20000 + RANDOM % 10000))
prometheus=$((http + 2))
service="http://127.0.0.1:$http"

Kestrel__Endpoints__Http__Url=$service Kestrel__Endpoints__Grpc__Url="http://127.0.0.1:$((http + 1))" \
  dotnet src/LossService/bin/Release/net10.0/LossService.dll >"$folder/service.log" 2>&1 &
pids+=($!)
await 60 curl -sf "$service/readyz"

post() { curl -s -o /dev/null -w '%{http_code}' -H "Content-Type: $1" --data-binary "$2" "$service/v1/losses/cross_entropy"; }
batch='{"logits":[[2,1],[0,1]],"labels":[0,1]}'
for _ in 1 2 3; do [[ $(post application/json "$batch") == 200 ]] || die "a batch was not scored"; done
[[ $(post application/json '{"logits":[[2,1]],"labels":[2]}') == 422 ]] || die "a bad batch was not refused"
[[ $(post application/x-ndjson "$batch") == 200 ]] || die "a stream was not scored"

curl -sf "$service/metrics" >"$folder/metrics"
# promtool prints what it objects to, and sometimes succeeds nevertheless
objections=$(promtool check metrics <"$folder/metrics" 2>&1) || die "promtool check metrics: $objections"
[[ -z $objections ]] || die "promtool check metrics: $objections"

promtool check config deploy/prometheus/prometheus.yml
promtool test rules deploy/prometheus/rules.test.yml
# the committed configuration, but for the address and the pace
cp deploy/prometheus/rules.yml "$folder"
sed "s/loss-service:8080/127.0.0.1:$http/; s/15s/1s/" deploy/prometheus/prometheus.yml >"$folder/prometheus.yml"
prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" --web.listen-address="127.0.0.1:$prometheus" \
  >"$folder/prometheus.log" 2>&1 &
pids+=($!)

# expects a value of a query: expression value
holds() { [[ $(promtool query instant "http://127.0.0.1:$prometheus" "$1") == *"=> $2 @"* ]]; }
await 30 holds 'up{job="loss-service"}' 1
holds 'loss_requests_total{loss="cross_entropy",format="json",status="200"}' 3 || die "the batches are not counted"
holds 'loss_requests_total{loss="cross_entropy",format="json",status="422"}' 1 || die "the refusal is not counted"
holds 'loss_requests_total{loss="cross_entropy",format="ndjson",status="200"}' 1 || die "the line is not counted"
holds 'loss_samples_total{loss="cross_entropy"}' 8 || die "the samples are not counted"
holds 'sum(loss_batch_samples_count)' 4 || die "the batches' sizes are not recorded"
holds 'sum(loss_request_body_bytes_count)' 5 || die "the bodies' sizes are not recorded"
holds 'count(sum by (phase) (loss_request_seconds_count) > 0)' 4 || die "a phase is missing"
holds 'sum(http_server_request_duration_seconds_count{http_route="/v1/losses/cross_entropy",http_response_status_code="200"})' 4 \
  || die "ASP.NET Core's metrics are missing"
holds 'count(kestrel_active_connections) > 0' 1 || die "Kestrel's metrics are missing"
echo "Prometheus scraped the service: all queries return what was posted"

for _ in {1..60}; do post application/json "$batch" >/dev/null; sleep 0.1; done
python3 tests/reliability/dashboard.py "http://127.0.0.1:$prometheus"
