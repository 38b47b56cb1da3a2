#!/usr/bin/env bash
# A helpdesk to try at once: installs what is missing, builds, starts a desk with a sample shop whose
# buyers write by themselves, and shows how to talk with it. Ctrl-C stops what it started.
#   examples/try.sh           the desk is kept in ~/.local/share/deskmate-try
#   examples/try.sh --check   without a person: in a folder of its own, waits for a buyer's message,
#                             answers it, ends with 0 once the answer is delivered
set -euo pipefail
cd "$(dirname "$0")/.."

check=
case "${1-}" in
  '') ;;
  --check) check=1 ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "try: unknown argument \"$1\"; see examples/try.sh --help" >&2; exit 2 ;;
esac

# Limits of --check, in seconds.
readonly start_s=30 message_s=60 delivered_s=60

tests/setup.sh build
[ -e .build/release/build.ninja ] || cmake --preset release -DDESKMATE_TESTS=OFF >/dev/null
echo "try: building (the first time takes some minutes)"
cmake --build --preset release --target deskmate deskmate-plugin-host shop-sample console >.build/try-build.log ||
  { tail -n 40 .build/try-build.log >&2; echo "try: the build failed; see .build/try-build.log" >&2; exit 1; }

if [ -n "$check" ]; then
  folder=$(mktemp -d)
else
  folder=${XDG_DATA_HOME:-$HOME/.local/share}/deskmate-try
  mkdir -p "$folder"
fi
daemon=
follower=
stop() {
  trap - EXIT INT TERM
  [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
  if [ -n "$daemon" ] && kill "$daemon" 2>/dev/null; then
    wait "$daemon" || true
  fi
  [ -z "$check" ] || rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ ! -e "$folder/deskmate.toml" ]; then
  sed "s|^folder = .*|folder = \"$folder/desk\"|" examples/shop.toml >"$folder/deskmate.toml"
  # Any port will do for a check; a person has a bookmark.
  [ -z "$check" ] || printf '\n[console]\nlisten = ["127.0.0.1:0"]\n' >>"$folder/deskmate.toml"
fi
readonly program=$PWD/.build/release/bin/deskmate
desk() { "$program" --config "$folder/deskmate.toml" "$@"; }

if desk status >/dev/null 2>&1; then
  echo "try: a desk is running in $folder already; stop it first" >&2
  exit 1
fi
"$program" --config "$folder/deskmate.toml" run >"$folder/out" 2>"$folder/log" &
daemon=$!
fail() {
  echo "try: $1" >&2
  tail -n 20 "$folder/log" >&2
  exit 1
}
deadline=$((SECONDS + start_s))
until desk status >/dev/null 2>&1; do
  kill -0 "$daemon" 2>/dev/null || fail "the desk did not start"
  [ $SECONDS -lt $deadline ] || fail "the desk did not answer within $start_s s"
  sleep 0.2
done

if [ -z "$check" ]; then
  cat <<END

The desk is running; its buyers write by themselves, in Chinese and English. Answer them in a browser:

  $(grep -o 'http://[^ ]*' "$folder/out" || echo "the console is off: $folder/log says why")

or from the command line, in another terminal:

  alias desk='$program --config $folder/deskmate.toml'
  desk chats                      who has written, and whose chat it is
  desk chat 1                     one chat with the buyer, the orders and the reason of the routing
  desk reply 1 "It left today."   answer
  desk orders                     the shop's orders
  desk --help                     everything else (中文: desk --language zh --help)

Everything is kept in $folder. Ctrl-C stops the desk.

END
  "$program" --config "$folder/deskmate.toml" log --follow --topic 'message.*' --topic 'chat.*' --topic 'reply.requested' --topic 'reply.done' &
  follower=$!
  wait "$daemon" || fail "the desk has ended"
  exit 0
fi

# The answers have one key a line.
value() { # value KEY: the first value of that key on standard input
  sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -n 1
}
# A chat that the router has given to a member.
deadline=$((SECONDS + message_s))
chat=
until [ -n "$chat" ]; do
  [ $SECONDS -lt $deadline ] || fail "no buyer's message was routed within $message_s s"
  chat=$(desk --json chats | awk '/"chat":/ { gsub(/[^0-9]/, ""); chat = $0 }
    /"state": "assigned"/ && !found { print chat; found = 1 }')
  [ -n "$chat" ] || sleep 0.3
done
echo "try: chat $chat was routed: $(desk --json chat "$chat" | sed -n 's/^ *"why_text": "\(.*\)",\{0,1\}$/\1/p' | head -n 1)"
request=$(desk --json reply "$chat" "Thank you for writing. We are looking into it. 感谢来信，正在为您处理。" | value event)
deadline=$((SECONDS + delivered_s))
while true; do
  outcome=$(desk --json request "$request" | value state)
  case $outcome in
    "done") break ;;
    failed | unknown | dropped) fail "the reply was not delivered: $outcome" ;;
  esac
  [ $SECONDS -lt $deadline ] || fail "the reply was not delivered within $delivered_s s (${outcome:-not stored})"
  sleep 0.3
done
echo "try: the reply to chat $chat was delivered"
