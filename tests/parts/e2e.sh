# The daemon, the command line and plugins together, on the sample shop; a plugin outside of the tree.
. tests/parts/lib.sh
if build release; then
  ctests release e2e
  node_tests_at_once release tests/e2e/*.test.mjs
  node_tests release tests/package/*.test.mjs
fi
finish
