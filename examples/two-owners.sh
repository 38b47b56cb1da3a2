#!/usr/bin/env bash
# Two co-owners without a server: two desks, each on a machine of its own (network namespaces when run
# as root, else two ports of this one), paired by a code, share a sample shop's chats 3:1. An afternoon
# is played in minutes: buyers write, both owners answer, the line between them breaks and comes back.
# At the end both say who got what. Everything is in a temporary folder and ends with the script.
#   examples/two-owners.sh [MINUTES]    3 minutes
#   examples/two-owners.sh --check      under a minute; ends with 0 only if both say the same
set -euo pipefail
cd "$(dirname "$0")/.."

check=
play_s=180
case "${1-}" in
  '') ;;
  --check) check=1 play_s=36 ;;
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *[!0-9]* | 0) echo "two-owners: unknown argument \"$1\"; see examples/two-owners.sh --help" >&2; exit 2 ;;
  *) play_s=$(($1 * 60)) ;;
esac
# Limits, in seconds.
readonly start_s=30 pair_s=40 settle_s=90
readonly cut_s=15 # a peer is missed after six
readonly port_a=7381 port_b=7382 relay_port=7383

program=${DESKMATE_BIN-}
if [ -z "$program" ]; then
  tests/setup.sh build
  [ -e .build/release/build.ninja ] || cmake --preset release -DDESKMATE_TESTS=OFF >/dev/null
  echo "two-owners: building (the first time takes some minutes)"
  cmake --build --preset release --target deskmate deskmate-plugin-host shop-sample >.build/two-owners-build.log ||
    { tail -n 40 .build/two-owners-build.log >&2; echo "two-owners: the build failed; see .build/two-owners-build.log" >&2; exit 1; }
  program=$PWD/.build/release/bin/deskmate
fi
readonly program

folder=$(mktemp -d)
readonly folder
readonly net=dmex$$ # what this script makes in the network is named after it
started=()
apart=
stop() {
  trap - EXIT INT TERM
  [ -z "$apart" ] || heal || true
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ -n "$namespaces" ]; then
    ip netns del "$net-anna" 2>/dev/null || true
    ip netns del "$net-bo" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
fail() {
  echo "two-owners: $1" >&2
  for who in anna bo; do
    [ ! -e "$folder/$who.log" ] || { echo "--- the log of $who" >&2; tail -n 12 "$folder/$who.log" >&2; }
  done
  exit 1
}
within() { # within SECONDS WHAT COMMAND...: polls until it succeeds
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt $deadline ] || fail "not in time: $what"
    sleep 0.3
  done
}

# As root: two machines and a cable. Else: two ports, and a relay between them that can be held up.
namespaces=
[ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || ! ip netns add "$net-anna" 2>/dev/null || namespaces=1
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [ -n "$namespaces" ]; then
  ip netns add "$net-bo"
  ip -n "$net-anna" link add eth0 type veth peer name eth0 netns "$net-bo"
  for who in anna bo; do
    ip -n "$net-$who" addr add "10.99.0.$([ $who = anna ] && echo 1 || echo 2)/24" dev eth0
    ip -n "$net-$who" link set lo up
    ip -n "$net-$who" link set eth0 up
  done
  on() { local who=$1; shift; exec ip netns exec "$net-$who" "$@"; }
  cut() { ip -n "$net-bo" link set eth0 down; apart=1; }
  heal() { ip -n "$net-bo" link set eth0 up; apart=; }
  peers_a="listen = [\"10.99.0.1:$port_a\"]"
  peers_b="listen = [\"10.99.0.2:$port_b\"]"
  where="in two network namespaces"
else
  on() { shift; exec "$@"; }
  "$program" relay --listen "127.0.0.1:$relay_port" >"$folder/relay" 2>&1 &
  relay=$!
  started+=("$relay")
  cut() { kill -STOP "$relay"; apart=1; }
  heal() { kill -CONT "$relay"; apart=; }
  peers_a="relays = [\"127.0.0.1:$relay_port\"]"
  peers_b=$peers_a
  within $start_s "the relay runs" grep -q "$relay_port" "$folder/relay"
  where="on this machine, through a relay"
fi

desk() { local who=$1; shift; "$program" --config "$folder/$who.toml" --language en "$@"; }
configure() { # configure WHO PEERS MEMBER-SETTINGS... : members 1 and 2, of which one is elsewhere
  local who=$1 peers=$2 of_anna=$3 of_bo=$4
  cat >"$folder/$who.toml" <<END
[desk]
name = "Corner shop"
folder = "$folder/$who"
secrets = "$folder/$who-secrets"
socket = "$folder/$who.sock"
[console]
listen = []
[peers]
name = "$who"
$peers
[[member]]
number = 1
name = "Anna"
weight = 3
$of_anna
[[member]]
number = 2
name = "Bo"
weight = 1
$of_bo
END
}
run() { # run WHO
  on "$1" "$program" --config "$folder/$1.toml" run >>"$folder/$1.log" 2>&1 &
  started+=($!)
  within $start_s "the desk of $1 answers" ready "$1"
}
ready() { desk "$1" status >/dev/null 2>&1; }
configure anna "$peers_a" "" 'peer = "bo"'
configure bo "$peers_b" 'peer = "anna"' ""
cat >>"$folder/anna.toml" <<END
[[plugin]]
name = "box"
id = "shop-sample"
[plugin.settings]
messages_per_hour = 3600
poll_ms = 200
END

# Pairing: two people would read six digits to one another; here a script compares them.
run anna
mkfifo "$folder/a-says" "$folder/b-says"
desk anna invite <"$folder/a-says" >"$folder/invite" 2>&1 &
invite=$!
started+=("$invite")
exec 8>"$folder/a-says"
within $pair_s "an invitation" grep -q 'deskmate join' "$folder/invite"
code=$(sed -n 's/^ *deskmate join \(.*\)$/\1/p' "$folder/invite")
on bo "$program" --config "$folder/bo.toml" --language en join "$code" <"$folder/b-says" >"$folder/join" 2>&1 &
join=$!
started+=("$join")
exec 9>"$folder/b-says"
digits() { sed -n 's/.*Here: \([0-9 ]*\)\..*/\1/p' "$1"; }
both_asked() { [ -n "$(digits "$folder/invite")" ] && [ -n "$(digits "$folder/join")" ]; }
within $pair_s "both show their digits" both_asked
[ "$(digits "$folder/invite")" = "$(digits "$folder/join")" ] || fail "the digits differ"
echo "two-owners: both machines show $(digits "$folder/invite"); confirmed"
echo y >&8
echo y >&9
wait "$join" || fail "joining failed: $(cat "$folder/join")"
wait "$invite" || fail "inviting failed: $(cat "$folder/invite")"
exec 8>&- 9>&-
run bo
together() { # both are seen and ready at both
  local who
  for who in anna bo; do
    [ "$(desk $who --json peers | grep -c '"\(ready\|seen\)": true')" = 4 ] || return 1
  done
}
within $pair_s "both see each other" together
present() { # both members take chats, as both know
  local who
  for who in anna bo; do
    [ "$(desk $who --json members | grep -c '"takes_chats": true')" = 2 ] || return 1
  done
}
desk anna back --as 1 >/dev/null
desk bo back --as 2 >/dev/null
within $pair_s "both are present" present
echo "two-owners: paired $where; Anna and Bo share new chats 3:1"

# What waits for a member's answer at a desk: the chats' numbers. (--json prints one key a line.)
waiting() { # waiting WHO MEMBER
  desk "$1" --json chats --limit 1000 | awk -v member="$2" '
    /^      "chat":/ { gsub(/[^0-9]/, ""); chat = $0; owner = ""; theirs = "" }
    /^      "member":/ { gsub(/[^0-9]/, ""); owner = $0 }
    /^      "last_word_theirs": true/ { theirs = 1 }
    /^    }/ { if (owner == member && theirs) print chat }'
}
answer() { # answer WHO MEMBER: all that this desk lets the member answer now
  local chat
  for chat in $(waiting "$1" "$2"); do
    desk "$1" reply "$chat" "Thank you, it is on its way. 感谢来信，已为您处理。" --as "$2" >/dev/null 2>&1 || continue
    desk "$1" close "$chat" --as "$2" >/dev/null 2>&1 || true
  done
}
until_second() {
  while [ $SECONDS -lt "$1" ]; do
    answer anna 1
    answer bo 2
    sleep 0.3
  done
}
readonly begin=$SECONDS
until_second $((begin + (play_s - cut_s) / 2))
echo "two-owners: the line between them breaks for $cut_s s"
cut
until_second $((SECONDS + cut_s))
heal
echo "two-owners: the line is back"
until_second $((begin + play_s))
desk anna plugins stop box >/dev/null
echo "two-owners: the shop closes"

settled() { # nobody waits, and both desks are in the same state
  answer anna 1
  answer bo 2
  together || return 1
  [ -z "$(waiting anna 1)$(waiting bo 2)" ] || return 1
  [ "$(state anna)" = "$(state bo)" ]
}
state() { desk "$1" --json status | sed -n 's/^ *"state_hash": "\(.*\)".*/\1/p'; }
within $settle_s "both are in the same state" settled
for who in anna bo; do
  desk $who split >"$folder/$who.split"
  echo
  echo "deskmate split, at $who:"
  sed 's/^/  /' "$folder/$who.split"
done
given=$(desk anna --json split | awk '/^  "rows":/ { all = 1 } all && /"total":/ { gsub(/[^0-9]/, ""); sum += $0 } END { print sum + 0 }')
[ "$given" -gt 0 ] || fail "nobody was given a chat"
cmp -s "$folder/anna.split" "$folder/bo.split" || fail "the two desks do not say the same"
echo "two-owners: both say the same, of $given chats${check:+; checked}"
