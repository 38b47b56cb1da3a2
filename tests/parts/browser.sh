# The console: its logic in Node, and the whole of it in a browser, with a desk of its own.
. tests/parts/lib.sh
web=plugins/console/web

web_packages() { # those that only tests need; the build has its own in the build folder
  local stamp=$web/node_modules/.installed
  cmp -s "$web/package-lock.json" "$stamp" && return
  echo "  installing the packages of the console"
  (cd "$web" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error) &&
    cp "$web/package-lock.json" "$stamp" && return
  printf 'failed\tpackages\tnpm\n' >> "$tsv"
  return 1
}

vitests() { # each test counts
  local log=$results/$part-console.tap
  (cd "$web" && node node_modules/typescript/bin/tsc --noEmit) > "$results/$part-types.log" 2>&1 ||
    { cat "$results/$part-types.log"; printf 'failed\tconsole\ttypes\n' >> "$tsv"; }
  (cd "$web" && timeout -k 10 "$node_seconds_max" node node_modules/vitest/vitest.mjs run --reporter=tap-flat) > "$log" 2>&1
  echo "exit $?" >> "$log"
  python3 tests/parts/collect.py tap "$log" "$tsv" console
}

if tests/setup.sh browser && web_packages && tests/servers/install.sh mail/package-lock.json; then
  vitests
  if build release deskmate deskmate-plugin-host console shop-sample chat-email rules-orders rules-parcels rules-quality rules-returns; then
    node_tests release tests/browser/*.test.mjs
    [ "${DESKMATE_BENCH:-}" != 1 ] || measure node tests/browser/console.bench.mjs
  fi
fi
finish
