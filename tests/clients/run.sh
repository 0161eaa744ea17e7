#!/usr/bin/env bash
# Starts the service that is built, generates clients from its API document, and lets them score a batch and read an error.
# usage: run.sh [FILE]; needs .NET, Node 20 or newer, and the registries of NuGet and npm; NumPy if it is there. FILE gets "passed=N failed=N".
set -uo pipefail
counts_file=${1:-}
cd "$(dirname "${BASH_SOURCE[0]}")"

service=../../src/LossService/bin/Release/net10.0/LossService.dll
work=$(mktemp -d)
passed=0
failed=0
pid=
finish() {
  [[ -n $pid ]] && kill "$pid" 2>/dev/null
  ((failed == 0)) || tail -n 20 "$work/service.log"
  rm -rf "$work"
  [[ -n $counts_file ]] && echo "passed=$passed failed=$failed" >"$counts_file"
  ((failed == 0 && passed > 0))
}
trap 'finish || exit 1' EXIT

# a step that is one check by itself: check NAME COMMAND…
check() {
  local name=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    echo "ok      $name"
    ((++passed))
  else
    tail -n 60 "$work/log"
    echo "failed  $name"
    ((++failed))
  fi
}

free_port() { node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })"; }

http=127.0.0.1:$(free_port)
grpc=127.0.0.1:$(free_port)
(cd "$(dirname "$service")" && Kestrel__Endpoints__Http__Url=http://$http Kestrel__Endpoints__Grpc__Url=http://$grpc \
  exec dotnet LossService.dll) >"$work/service.log" 2>&1 &
pid=$!

check "npm packages" npm ci --no-audit --no-fund
check "openapi-typescript generates" npm run -s openapi-typescript
check "hey-api generates" npm run -s hey-api
check "the programs of README.md are there" npm run -s readme
check "TypeScript compiles, strict" npm run -s compile
check "spectral and redocly find nothing" npm run -s lint

# Debian's own python3: another one on the path need not have its packages
if /usr/bin/python3 -c "import numpy" 2>/dev/null; then
  check "numpy" /usr/bin/python3 numpy_check.py "http://$http"
else
  echo "skipped numpy: not installed (Debian: python3-numpy)"
fi

if /usr/bin/python3 -c "import xgboost" 2>/dev/null; then
  check "xgboost" /usr/bin/python3 xgboost_check.py "http://$http"
else
  echo "skipped xgboost: not installed (Debian: python3-xgboost)"
fi

LOSS_HTTP=http://$http LOSS_GRPC=$grpc node --test >"$work/node.log" 2>&1
grep -E '^(not )?ok ' "$work/node.log"
node_failed=$(sed -n 's/^# fail \([0-9]*\)$/\1/p' "$work/node.log")
((${node_failed:-1} == 0)) || cat "$work/node.log"
passed=$((passed + $(sed -n 's/^# pass \([0-9]*\)$/\1/p' "$work/node.log" | grep . || echo 0)))
failed=$((failed + ${node_failed:-1}))

dotnet run -c Release --project nswag -- "http://$http" >"$work/nswag.log" 2>&1
cat "$work/nswag.log"
counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$work/nswag.log")
read -r nswag_passed nswag_failed <<<"${counts:-0 1}"
passed=$((passed + nswag_passed))
failed=$((failed + nswag_failed))
