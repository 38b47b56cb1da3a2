# Kills, power cuts, disks that refuse or fill, clocks that jump, limits, restarts, a soak.
. tests/parts/lib.sh
[ "${DESKMATE_FULL:-}" != 1 ] || node_seconds_max=5400 # the soak alone takes an hour
if build release && packages; then
  ctests release faults
  node_tests release tests/faults/*.test.mjs
fi
finish
