# Measurements. Each program of tests/bench (a built *_bench, or a *.bench.mjs) prints lines
#   NAME VALUE UNIT AGAINST RATIO TARGET holds|short
# and lines that begin with # beside them. A figure that falls short is a failed test; so is a program
# that ends badly, and the next one is run all the same. The whole table is kept in bench.txt.
#   DESKMATE_FULL=1   larger sizes
. tests/parts/lib.sh
table=$results/bench.txt
program_seconds_max=1200
[ "${DESKMATE_FULL:-}" != 1 ] || program_seconds_max=7200
: > "$table"
if tests/setup.sh bench && build release && build release benches; then
  shopt -s nullglob
  export DESKMATE_BUILD=$PWD/.build/release
  for program in .build/release/bin/*_bench tests/bench/*.bench.mjs; do
    name=$(basename "$program")
    run=("$program")
    [ "${program##*.}" = mjs ] && run=(node "$program")
    # Line by line as it is measured.
    timeout -k 10 "$program_seconds_max" "${run[@]}" 2> "$results/$name.log" |
      tee "$results/$name.txt" | tee -a "$table" | sed -u 's/^/  /'
    if [ "${PIPESTATUS[0]}" != 0 ]; then
      printf 'failed\tbench\t%s\n' "$name" >> "$tsv"
      echo "# $name ended badly" | tee -a "$table" | sed 's/^/  /'
      tail -20 "$results/$name.log" | sed 's/^/    | /'
    fi
  done
  sed -nE 's/^([^# ]+) .* holds$/passed\tbench\t\1/p; s/^([^# ]+) .* short$/failed\tbench\t\1/p' \
    "$table" >> "$tsv"
fi
finish
