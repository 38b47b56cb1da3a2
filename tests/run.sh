#!/usr/bin/env bash
# Installs what is needed, builds, and runs the tests.
#
#   tests/run.sh [PART...]
#
#   unit        every unit's own tests
#   e2e         the daemon, the command line and plugins, on the sample shop
#   sim         the desk of many peers in one thread, from seeds
#   servers     against a real Vendure, OpenSMTPD and Dovecot
#   faults      kills, full disks, broken plugins
#   sanitizers  unit and e2e under ASan+UBSan and under TSan; the clang build
#   fuzz        the fuzzers, for some seconds each
#   rows        which rows of the requirements have tests, and how they went
#   browser     the console in a browser
#   bench       measurements: name, value, unit, and whether they hold
#   all         everything but browser
#
# Without a part: all but bench and browser, the quickest first. Ends with "N passed, N failed".
# Exit status: 0 when all passed, 1 when a test failed or none ran, 2 for a wrong argument.
# What each test said is kept in .build/results/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

usual=(unit e2e sim servers faults fuzz sanitizers rows)
[ $# -gt 0 ] || set -- "${usual[@]}"
if [ "$*" = all ]; then set -- "${usual[@]}" bench; fi
for part in "$@"; do
  if [ ! -f "tests/parts/$part.sh" ] || [ "$part" = lib ]; then
    sed -n '4,20s/^# \{0,1\}//p' "tests/run.sh" >&2
    echo "run.sh: no such part: $part" >&2
    exit 2
  fi
done

export DESKMATE_RESULTS=$PWD/.build/results
mkdir -p "$DESKMATE_RESULTS"
tests/setup.sh || { echo "0 passed, 1 failed"; exit 1; }

[ $# = 1 ] && export DESKMATE_ALONE=1
passed=0 failed=0
for part in "$@"; do
  printf '\n== %s\n' "$part"
  started=$SECONDS
  rm -f "$DESKMATE_RESULTS/$part.sum"
  if ! bash "tests/parts/$part.sh"; then
    # A part that could not run its tests says so by its status; count it.
    [ -f "$DESKMATE_RESULTS/$part.sum" ] || echo '0 1' > "$DESKMATE_RESULTS/$part.sum"
  fi
  read -r good bad < <(cat "$DESKMATE_RESULTS/$part.sum" 2>/dev/null || echo 0 0)
  passed=$((passed + good)) failed=$((failed + bad))
  printf -- '-- %s: %d passed, %d failed, %d s\n' "$part" "$good" "$bad" $((SECONDS - started))
done
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
