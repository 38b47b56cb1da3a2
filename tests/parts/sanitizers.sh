# Unit and end-to-end tests under ASan+UBSan and under TSan. The second is built by the second compiler,
# so that each line is compiled by both.
. tests/parts/lib.sh
export DESKMATE_TEST_PATIENCE=${DESKMATE_TEST_PATIENCE:-6}
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export UBSAN_OPTIONS=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
for preset in asan tsan; do
  build $preset || continue
  ctests $preset unit "$jobs"
  ctests $preset e2e
  node_tests $preset tests/e2e/*.test.mjs
done
finish
