# Measurements. Each program of tests/bench (a built *_bench, or a *.bench.mjs) prints lines
#   NAME VALUE UNIT AGAINST RATIO TARGET holds|short
# and lines that begin with # beside them. A figure that falls short is a failed test; so is a program
# that ends badly, and the next one is run all the same. The whole table is kept in bench.txt.
#   DESKMATE_FULL=1   larger sizes
. tests/parts/lib.sh
if tests/setup.sh bench && build release && build release benches; then
  shopt -s nullglob
  export DESKMATE_BUILD=$PWD/.build/release
  for program in .build/release/bin/*_bench tests/bench/*.bench.mjs; do
    run=("$program")
    [ "${program##*.}" = mjs ] && run=(node "$program")
    measure "${run[@]}"
  done
fi
finish
