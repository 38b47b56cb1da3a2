#!/usr/bin/env bash
# Installs the Node packages of the test servers from their lockfiles, once. Without arguments: of
# all folders here that have one.
set -euo pipefail
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- */package-lock.json
for lock in "$@"; do
  folder=$(dirname "$lock")
  stamp=$folder/node_modules/.installed
  cmp -s "$folder/package-lock.json" "$stamp" && continue
  echo "servers: installing the packages of $folder"
  (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  cp "$folder/package-lock.json" "$stamp"
done
