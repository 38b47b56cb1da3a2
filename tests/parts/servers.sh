# Against real servers: a Vendure shop, OpenSMTPD and Dovecot.
. tests/parts/lib.sh
if build release && packages; then
  node_tests release tests/servers/*/*.test.mjs
  ctests release servers
  node_tests release tests/servers/*.test.mjs
fi
finish
