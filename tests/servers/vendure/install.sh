#!/usr/bin/env bash
# Installs the shop's packages from the lockfile, once.
set -euo pipefail
cd "$(dirname "$0")"
stamp=node_modules/.installed
[ -e $stamp ] && cmp -s package-lock.json $stamp && exit 0
echo "vendure: installing the packages"
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
cp package-lock.json $stamp
