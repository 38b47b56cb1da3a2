# Measurements. Each program of tests/bench (a built *_bench, or a *.bench.mjs) prints lines
#   NAME VALUE UNIT against RATIO TARGET holds|short
# and a figure that falls short is a failed test.
. tests/parts/lib.sh
if build release; then
  shopt -s nullglob
  export DESKMATE_BUILD=$PWD/.build/release
  for program in .build/release/bin/*_bench tests/bench/*.bench.mjs; do
    name=$(basename "$program")
    run=("$program")
    [ "${program##*.}" = mjs ] && run=(node "$program")
    if ! "${run[@]}" > "$results/$name.txt" 2> "$results/$name.log"; then
      printf 'failed\tbench\t%s\n' "$name" >> "$tsv"
      sed 's/^/    | /' "$results/$name.log" | tail -20
    fi
    sed 's/^/  /' "$results/$name.txt"
    sed -nE 's/^([^ ]+) .* holds$/passed\tbench\t\1/p; s/^([^ ]+) .* short$/failed\tbench\t\1/p' \
      "$results/$name.txt" >> "$tsv"
  done
fi
finish
