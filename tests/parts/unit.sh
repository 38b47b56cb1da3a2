# Every unit's own tests, in parallel.
. tests/parts/lib.sh
build release && ctests release unit "$jobs"
finish
