#!/usr/bin/env bash
# A helpdesk to try at once: installs what is missing, builds, starts a desk with a sample shop whose
# buyers write by themselves, and shows how to talk with it. Ctrl-C stops what it started.
#   examples/try.sh           the desk is kept in ~/.local/share/deskmate-try; the first time with a
#                             guided tour of five minutes, in English or Chinese as the machine is
#   examples/try.sh --tour    with a new desk and the tour; the old one is kept beside it
#   examples/try.sh --no-tour without the tour
#   examples/try.sh --check   without a person: in a folder of its own, waits for a buyer's message,
#                             answers it, ends with 0 once the answer is delivered
set -euo pipefail
cd "$(dirname "$0")/.."

check=
tour=first # of a new desk
case "${1-}" in
  '') ;;
  --check) check=1 tour= ;;
  --tour) tour=again ;;
  --no-tour) tour= ;;
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "try: unknown argument \"$1\"; see examples/try.sh --help" >&2; exit 2 ;;
esac

# Limits of --check, in seconds.
readonly start_s=30 message_s=60 delivered_s=60

tests/setup.sh build
[ -e .build/release/build.ninja ] || cmake --preset release -DDESKMATE_TESTS=OFF >/dev/null
echo "try: building (the first time takes some minutes)"
cmake --build --preset release --target deskmate deskmate-plugin-host \
  shop-sample console rules-orders rules-parcels rules-quality rules-returns >.build/try-build.log ||
  { tail -n 40 .build/try-build.log >&2; echo "try: the build failed; see .build/try-build.log" >&2; exit 1; }

if [ -n "$check" ]; then
  folder=$(mktemp -d)
else
  folder=${XDG_DATA_HOME:-$HOME/.local/share}/deskmate-try
  mkdir -p "$folder"
fi
readonly program=$PWD/.build/release/bin/deskmate
desk() { "$program" --config "$folder/deskmate.toml" "$@"; }
no_other() {
  desk status >/dev/null 2>&1 || return 0
  echo "try: a desk is running in $folder already; stop it first" >&2
  exit 1
}
if [ "$tour" = again ] && [ -e "$folder/deskmate.toml" ]; then
  no_other
  mv "$folder" "$folder-$(date +%Y%m%d-%H%M%S)"
  mkdir -p "$folder"
fi
# Nobody to guide where nobody types.
[ -t 0 ] || tour=
[ ! -e "$folder/deskmate.toml" ] || tour=
language=en
case "${LC_ALL:-${LC_MESSAGES:-${LANG-}}}" in zh*) language=zh ;; esac
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
  # The buyers of the tour, and a door for a co-owner on this machine.
  if [ -n "$tour" ]; then
    printf 'tour = "%s"\n\n[peers]\nname = "try"\nlisten = ["127.0.0.1:7420"]\n' "$language" >>"$folder/deskmate.toml"
    sed "s|FOLDER|$folder|g" >"$folder/co-owner.toml" <<'END'
[desk]
name = "Sample desk"
folder = "FOLDER/co-owner"
secrets = "FOLDER/co-owner/secrets"
socket = "FOLDER/co-owner.sock"

[peers]
name = "co-owner"

[console]
listen = []
END
  fi
  # Any port will do for a check; a person has a bookmark.
  [ -z "$check" ] || printf '\n[console]\nlisten = ["127.0.0.1:0"]\n' >>"$folder/deskmate.toml"
fi
no_other
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
  if [ -n "$tour" ]; then
    examples/tour.sh "$program" "$folder/deskmate.toml" "$language" "$(grep -o 'http://[^ ]*' "$folder/out" | sed -n 1p)" ||
      echo "try: the tour has ended early" >&2
  fi
  console=$(grep -o 'http://[^ ]*' "$folder/out" || echo "the console is off: $folder/log says why")
  if [ "$language" = zh ]; then
    cat <<END

Deskmate 正在运行，示例店铺的买家会自己来信。在浏览器中回复：

  $console

或在另一个终端使用命令行：

  alias desk='$program --config $folder/deskmate.toml --language zh'
  desk chats                      谁来信了，属于谁的会话
  desk chat 1                     一个会话：买家、订单以及分配原因
  desk reply 1 "今天已发出。"       回复
  desk orders                     店铺的订单
  desk --help                     其他命令

数据都在 $folder。按 Ctrl-C 停止。

END
  else
    cat <<END

The desk is running; its buyers write by themselves, in Chinese and English. Answer them in a browser:

  $console

or from the command line, in another terminal:

  alias desk='$program --config $folder/deskmate.toml'
  desk chats                      who has written, and whose chat it is
  desk chat 1                     one chat with the buyer, the orders and the reason of the routing
  desk reply 1 "It left today."   answer
  desk orders                     the shop's orders
  desk --help                     everything else (中文: desk --language zh --help)

Everything is kept in $folder. Ctrl-C stops the desk.

END
  fi
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
