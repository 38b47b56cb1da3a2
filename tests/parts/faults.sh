# Kills, full disks, broken plugins.
. tests/parts/lib.sh
if build release && packages; then
  ctests release faults
  node_tests release tests/faults/*.test.mjs
fi
finish
