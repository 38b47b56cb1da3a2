# Unit and end-to-end tests under ASan+UBSan and under TSan, by the second compiler; what else is
# tested was compiled by the first.
. tests/parts/lib.sh
export DESKMATE_TEST_PATIENCE=${DESKMATE_TEST_PATIENCE:-6}
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export UBSAN_OPTIONS=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
if build asan; then
  ctests asan unit "$jobs"
  ctests asan e2e
  node_tests_at_once asan tests/e2e/*.test.mjs
fi
if [ "${DESKMATE_FULL:-}" != 1 ]; then
  # Before a merge, only what has threads.
  build tsan threads && ctests tsan threads "$jobs"
elif build tsan; then
  ctests tsan unit "$jobs"
  ctests tsan e2e
  node_tests_at_once tsan tests/e2e/*.test.mjs
fi
# The others compile several sources as one: does each stand by itself, for both compilers?
if [ "${DESKMATE_FULL:-}" = 1 ]; then
  build dev
  build clang
fi
finish
