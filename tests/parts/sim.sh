# Many peers in one thread, from seeds.
. tests/parts/lib.sh
if build release; then
  ctests release sim "$jobs"
  node_tests release tests/sim/*.test.mjs
fi
finish
