# The console in a browser.
. tests/parts/lib.sh
echo "  there is no console in this version yet: nothing to test"
finish
