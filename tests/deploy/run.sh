#!/usr/bin/env bash
# What can be checked of deploy/ in seconds: the resources for Kubernetes and KServe against their types, and the exact sums of deploy/dask.
# Needs kubectl, Node 20 or newer with npm, and Python 3; the first is left out where kubectl or npm are not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

python3 exact_check.py
# Debian's kubectl is too old: it knows no components
if ! command -v npm >/dev/null || ! kubectl version --client 2>/dev/null | grep -q 'Kustomize Version: v[5-9]'; then
  echo "skipped: no npm, or no kubectl with kustomize 5 or newer"
  exit 0
fi
npm ci --no-audit --no-fund --silent
npm run -s check
