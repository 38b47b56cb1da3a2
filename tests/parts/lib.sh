# What the parts share. A part is run by tests/run.sh, from the project's folder, and leaves
#   $DESKMATE_RESULTS/<part>.tsv   a line for each test: passed or failed, the suite, the test
#   $DESKMATE_RESULTS/<part>.sum   "PASSED FAILED"
set -uo pipefail

part=$(basename "$0" .sh)
: "${DESKMATE_RESULTS:=$PWD/.build/results}"
results=$DESKMATE_RESULTS
tsv=$results/$part.tsv
jobs=$(nproc)
readonly part results tsv jobs
mkdir -p "$results"
: > "$tsv"

node_seconds_max=900 # of one test file

build() { # build PRESET [TARGET...]: says what the compiler said only where it failed
  local preset=$1 log=$results/build-$1.log
  shift
  # Tests are asked for each time: examples/try.sh may have made the folder without them.
  if cmake --preset "$preset" -DDESKMATE_TESTS=ON > "$log" 2>&1 &&
     ninja -C ".build/$preset" "$@" >> "$log" 2>&1; then
    echo "  built $preset"
    return 0
  fi
  echo "  the build of $preset failed:"
  grep -E -A12 'FAILED|error:|CMake Error' "$log" | head -80
  printf 'failed\tbuild\t%s\n' "$preset" >> "$tsv"
  return 1
}

ctests() { # ctests PRESET LABEL [JOBS]: the tests with that label; each GoogleTest case counts
  local preset=$1 label=$2 count=${3:-1} out=$results/$part-$1-$2
  rm -rf "$out"
  mkdir -p "$out"
  GTEST_OUTPUT="json:$out/" GTEST_COLOR=no ctest --test-dir ".build/$preset" -L "^$label\$" -j "$count" \
    --no-tests=ignore --output-junit "$out/ctest.xml" > "$out/ctest.log" 2>&1
  python3 tests/parts/collect.py ctest "$out" "$tsv" "$(of "$preset")"
}

node_test() { # node_test PRESET FILE: each test of node:test counts
  local preset=$1 file=$2 log
  log=$results/$part-$preset-$(basename "$file").tap
  DESKMATE_BUILD=$PWD/.build/$preset timeout -k 10 "$node_seconds_max" \
    node --test-reporter=tap "$file" > "$log" 2>&1
  echo "exit $?" >> "$log"
  python3 tests/parts/collect.py tap "$log" "$tsv" "${file#tests/}$(of "$preset")"
}

node_tests() { # node_tests PRESET FILE...: one after the other
  local preset=$1 file
  shift
  for file in "$@"; do
    [ ! -f "$file" ] || node_test "$preset" "$file"
  done
}

node_tests_at_once() { # node_tests_at_once PRESET FILE...: as many at a time as there are processors
  local preset=$1
  shift
  export -f node_test of
  export part results tsv node_seconds_max
  printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c 'node_test "$0" "$1"' "$preset" {}
}

of() { [ "$1" = release ] || echo " ($1)"; }

# Figures: lines NAME VALUE UNIT AGAINST RATIO TARGET holds|short, kept in bench.txt.
table=$results/bench.txt
program_seconds_max=1200
[ "${DESKMATE_FULL:-}" != 1 ] || program_seconds_max=7200

measure() { # measure COMMAND...: its lines as they come, each a test; one that ends badly has failed
  local name
  name=$(basename "${!#}")
  timeout -k 10 "$program_seconds_max" "$@" 2> "$results/$name.log" |
    tee "$results/$name.txt" | tee -a "$table" | sed -u 's/^/  /'
  if [ "${PIPESTATUS[0]}" != 0 ]; then
    printf 'failed\tbench\t%s\n' "$name" >> "$tsv"
    echo "# $name ended badly" | tee -a "$table" | sed 's/^/  /'
    tail -20 "$results/$name.log" | sed 's/^/    | /'
  fi
  sed -nE 's/^([^# ]+) .* holds$/passed\tbench\t\1/p; s/^([^# ]+) .* short$/failed\tbench\t\1/p' \
    "$results/$name.txt" >> "$tsv"
}

packages() { # of the test servers
  tests/servers/install.sh && return
  printf 'failed\tpackages\tnpm\n' >> "$tsv"
  return 1
}

finish() {
  local good bad
  good=$(grep -c '^passed' "$tsv")
  bad=$(grep -c '^failed' "$tsv")
  echo "$good $bad" > "$results/$part.sum"
  [ "$bad" = 0 ]
}
