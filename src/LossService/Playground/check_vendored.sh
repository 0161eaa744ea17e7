#!/usr/bin/env bash
# Checks that the vendored libraries are the files of the npm packages that they say they come from.
#   src/LossService/Playground/check_vendored.sh            (needs npm and a registry)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# package, version, file in the package, file here
vendored='
d3 7.9.0 dist/d3.min.js d3.min.js
d3 7.9.0 LICENSE d3.LICENSE.txt
@observablehq/plot 0.6.17 dist/plot.umd.min.js plot.min.js
@observablehq/plot 0.6.17 LICENSE plot.LICENSE.txt
'

sha256sum --check --quiet vendored.sha256
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
while read -r package version file here; do
  [[ -n $package ]] || continue
  unpacked="$folder/${package//\//-}"
  if [[ ! -d $unpacked ]]; then
    mkdir "$unpacked"
    archive=$(cd "$folder" && npm pack --silent "$package@$version")
    tar --extract --gzip --file "$folder/$archive" --directory "$unpacked" --strip-components 1
  fi
  cmp "$unpacked/$file" "Page/vendor/$here"
  echo "Page/vendor/$here is $file of $package $version"
done <<<"$vendored"
