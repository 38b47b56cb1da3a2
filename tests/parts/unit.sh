# Every unit's own tests, in parallel; those of sockets and processes wait more than they compute.
. tests/parts/lib.sh
build release && ctests release unit $((jobs * 2))
finish
