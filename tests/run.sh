#!/usr/bin/env bash
# Installs what is needed, builds, and runs the tests.
#
#   tests/run.sh [--full] [--bench] [PART...]
#
#   unit        every unit's own tests
#   e2e         the daemon, the command line and plugins, on the sample shop
#   sim         the desk of many peers in one thread, from seeds
#   servers     against a real Vendure, OpenSMTPD and Dovecot
#   faults      kills, full disks, broken plugins
#   fuzz        the fuzzers, for some seconds each
#   sanitizers  unit and e2e under ASan+UBSan, what has threads under TSan
#   rows        which rows of the requirements have tests, and how they went
#   browser     the console in a browser
#   bench       measurements: name, value, unit, and whether they hold
#   all         everything
#
# Without a part: all but bench and browser, the quickest first. --full (with any part): as long and
# as much as a night allows, not only what fits before a merge. "all --full" is the nightly run.
#
# --bench with browser: measures the console under load, too, a minute and a half.
#
# Several parts end with a summary: a line for each part, failed tests, figures that fall short,
# rows without a test, what the fuzzers tried. The last line is "N passed, N failed".
# Exit status: 0 when all passed, 1 when a test failed or none ran, 2 for a wrong argument.
# What each test said is kept in .build/results/, of the last run only.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

usual=(unit e2e sim servers faults fuzz sanitizers rows)
parts=()
for word in "$@"; do
  case $word in
    --full) export DESKMATE_FULL=1 ;;
    --bench) export DESKMATE_BENCH=1 ;;
    # Rows last: it counts what the others have left.
    all) parts+=(unit e2e sim servers faults browser fuzz sanitizers bench rows) ;;
    *) parts+=("$word") ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${usual[@]}")
for part in "${parts[@]}"; do
  if [ ! -f "tests/parts/$part.sh" ] || [ "$part" = lib ]; then
    sed -n '4,28s/^# \{0,1\}//p' "tests/run.sh" >&2
    echo "run.sh: no such part: $part" >&2
    exit 2
  fi
done

export DESKMATE_RESULTS=$PWD/.build/results
mkdir -p "$DESKMATE_RESULTS"
# What an earlier run left says nothing about this one.
find "$DESKMATE_RESULTS" -maxdepth 1 -type f \( -name '*.tsv' -o -name '*.sum' -o -name '*.txt' \) -delete
tests/setup.sh || { echo "0 passed, 1 failed"; exit 1; }

[ ${#parts[@]} = 1 ] && export DESKMATE_ALONE=1
passed=0 failed=0
for part in "${parts[@]}"; do
  printf '\n== %s\n' "$part"
  started=$SECONDS
  if ! bash "tests/parts/$part.sh"; then
    # A part that could not run its tests says so by its status; count it.
    [ -f "$DESKMATE_RESULTS/$part.sum" ] || echo '0 1' > "$DESKMATE_RESULTS/$part.sum"
  fi
  read -r good bad < <(cat "$DESKMATE_RESULTS/$part.sum" 2>/dev/null || echo 0 0)
  passed=$((passed + good)) failed=$((failed + bad))
  took=$((SECONDS - started))
  printf -- '-- %s: %d passed, %d failed, %d s\n' "$part" "$good" "$bad" "$took"
  printf '%s\t%d\t%d\t%d\n' "$part" "$good" "$bad" "$took" >> "$DESKMATE_RESULTS/parts.txt"
done
[ ${#parts[@]} = 1 ] || python3 tests/parts/collect.py summary "$DESKMATE_RESULTS"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
