# The fuzzers, for some seconds each.
. tests/parts/lib.sh
build clang && ctests clang fuzz "$jobs"
finish
