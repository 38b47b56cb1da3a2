# The fuzzers: DESKMATE_FUZZ_SECONDS each (10 minutes with DESKMATE_FULL), as many at a time as there
# are processors. A crash, a hang or too much memory is a failed test; the input that does it is kept
# and printed, so that it can be made a test.
. tests/parts/lib.sh

# Before a merge the same so many inputs are tried each time (30 s at most), so that a change is
# judged by what it changed, not by chance or by how fast the machine is; new ones are looked for at
# night.
seconds=${DESKMATE_FUZZ_SECONDS:-30} seed=1 inputs_max=20000
[ "${DESKMATE_FULL:-}" = 1 ] && seconds=${DESKMATE_FUZZ_SECONDS:-600} seed=0 inputs_max=-1
readonly input_seconds_max=10 memory_mb_max=512 allocation_mb_max=256 input_bytes_max=4096

fuzz() { # fuzz NAME
  local name=$1 out=$results/fuzz-$1 program=.build/asan/bin/$1_fuzz status executions input
  rm -rf "$out"
  mkdir -p "$out/corpus" "$out/found"
  local seeds=tests/fuzz/corpus/$name
  [ -d "$seeds" ] || seeds=
  local words=tests/fuzz/$name.dict allocation_mb=$allocation_mb_max
  # libetpan asks for as much as a server announces (32 bits), and touches what then comes, which
  # kAnswerBytesMax limits: memory_mb_max is what holds it.
  [ "$name" != imap ] || allocation_mb=4097
  # What a fuzzer frees is kept back for a while to find its use after that; by default too much.
  ASAN_OPTIONS=quarantine_size_mb=16:allocator_may_return_null=1:detect_leaks=1 \
    LSAN_OPTIONS=suppressions=$PWD/tests/fuzz/leaks.supp:print_suppressions=0 \
    UBSAN_OPTIONS=print_stacktrace=1 timeout -k 10 $((seconds + 120)) \
    "$program" -max_total_time="$seconds" -seed="$seed" -runs="$inputs_max" -timeout="$input_seconds_max" \
    -rss_limit_mb="$memory_mb_max" -malloc_limit_mb="$allocation_mb" \
    -max_len="$input_bytes_max" -print_final_stats=1 -artifact_prefix="$out/found/" \
    $([ -f "$words" ] && echo "-dict=$words") "$out/corpus" $seeds > "$out/log" 2>&1
  status=$?
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/log")
  printf '%s\t%s\n' "$name" "${executions:-0}" > "$out/executions"
  if [ "$status" = 0 ] && [ "${executions:-0}" -gt 0 ]; then
    echo "  ok   $name: $executions inputs, $seconds s at most"
    printf 'passed\tfuzz\t%s\n' "$name" > "$out/tsv"
    return
  fi
  printf 'failed\tfuzz\t%s\n' "$name" > "$out/tsv"
  {
    echo "  FAIL $name (status $status)"
    grep -E -A30 'ERROR:|runtime error|SUMMARY|what\(\)|Assertion' "$out/log" | head -60 | sed 's/^/    | /'
    for input in "$out"/found/*; do
      [ -f "$input" ] || continue
      echo "    input: $input"
      echo "    base64: $(base64 -w 0 "$input")"
    done
  }
}

if build asan fuzzers; then
  export -f fuzz
  export results seconds seed inputs_max input_seconds_max memory_mb_max allocation_mb_max input_bytes_max
  mapfile -t names < .build/asan/fuzzers.txt
  printf '%s\n' "${names[@]}" | xargs -P "$jobs" -I{} bash -c 'fuzz {}'
  for name in "${names[@]}"; do
    cat "$results/fuzz-$name/tsv" >> "$tsv" || printf 'failed\tfuzz\t%s\n' "$name" >> "$tsv"
    cat "$results/fuzz-$name/executions" >> "$results/fuzz-executions.txt"
    rm -rf "$results/fuzz-$name/corpus"
  done
fi
finish
