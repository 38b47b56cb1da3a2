# Many peers in one thread, from seeds. DESKMATE_SIM_SEEDS says how many (2,000).
. tests/parts/lib.sh
if build release; then
  ctests release sim "$jobs"
  said=$results/peers_sim.txt
  outcome=passed
  .build/release/bin/peers_sim_test > "$said" 2>&1 || outcome=failed
  printf '%s\tsim\tpeers: %s seeds, the mutants\n' "$outcome" "${DESKMATE_SIM_SEEDS:-2000}" >> "$tsv"
  sed 's/^/  /' "$said" | tail -400
  node_tests release tests/sim/*.test.mjs
fi
finish
