# Kills, power cuts, disks that refuse or fill, clocks that jump, limits, restarts, a soak.
. tests/parts/lib.sh
[ "${DESKMATE_FULL:-}" != 1 ] || node_seconds_max=5400 # the soak alone takes an hour
if build release && packages; then
  ctests release faults
  # Errors injected at every call are for the full form: what they still find is open (README.md).
  for file in tests/faults/*.test.mjs; do
    [ "${DESKMATE_FULL:-}" = 1 ] || [ "$(basename "$file")" != injected.test.mjs ] || continue
    node_tests release "$file"
  done
fi
finish
