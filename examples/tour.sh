#!/usr/bin/env bash
# The first five minutes with the sample desk, step by step: a buyer writes, you answer, you settle a
# stuck parcel, you invite a co-owner. examples/try.sh begins with it. Enter leaves out a step, q the
# rest; whatever you do in the browser instead counts, too.
#   examples/tour.sh PROGRAM CONFIG LANGUAGE [LINK]    a desk that runs; LANGUAGE is en or zh
# The desk's sample shop has to be set up with the same `tour`; see plugins/shop-sample.
set -euo pipefail

readonly program=${1:?} config=${2:?} language=${3:?} link=${4-}
# Limits, in seconds: until the buyers have written, an action is done, and a step is given up.
readonly written_s=60 done_s=60 step_s=600

desk() { "$program" --config "$config" --language "$language" "$@"; }
say() { # say ENGLISH CHINESE
  if [ "$language" = zh ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}
ask() { # the same, as a prompt
  if [ "$language" = zh ]; then printf '%s ' "$2"; else printf '%s ' "$1"; fi
}
leave() {
  say "The tour ends here. examples/try.sh --tour shows it again, with a new desk." \
    "导览到此结束。examples/try.sh --tour 可用新的示例重新开始。"
  exit 0
}
# The answers with --json have one key a line.
value() { # value KEY: the first value of that key on standard input
  sed -n "s/^ *\"$1\": \"\{0,1\}\([^\"]*\)\"\{0,1\},\{0,1\}$/\1/p" | sed 's/,$//' | sed -n 1p
}
line=
# Waits for a line of the person's, into $line; or until COMMAND succeeds: 1. The input's end is Enter.
listen() { # listen COMMAND...
  local deadline=$((SECONDS + step_s)) part status
  line=
  while [ $SECONDS -lt $deadline ]; do
    if "$@"; then
      echo
      return 1
    fi
    status=0
    IFS= read -r -t 1 part || status=$?
    line+=$part
    [ $status -le 128 ] || continue # only the second is over; what was typed so far is kept
    [ "$line" != q ] || leave
    return 0
  done
  leave
}
settled() { # settled REQUEST: waits until it is done; says if it is not
  local deadline=$((SECONDS + done_s)) state=
  while [ $SECONDS -lt $deadline ]; do
    state=$(desk --json request "$1" | value state)
    case $state in
      "done") return 0 ;;
      failed | unknown | dropped) break ;;
    esac
    sleep 0.3
  done
  say "That did not work: $state. \`deskmate requests\` says more." "没有成功：$state。用 deskmate requests 查看详情。"
  return 1
}
answered() { # answered CHAT: by somebody, not only greeted
  desk --json chat "$1" | awk '
    /"kind": "/ { reply = /"reply"/; greeting = 0; sent = 0 }
    /"auto": true/ { greeting = 1 }
    /"outcome": "done"/ { sent = 1 }
    /^    }/ { if (reply && sent && !greeting) found = 1; reply = 0 }
    END { exit !found }'
}
acted() { # acted ORDER: something was done about it
  desk --json order "$1" | awk '/"requests":/ { inside = 1 } inside && /"state": "done"/ { found = 1 } END { exit !found }'
}
last_words() { desk --json chat "$1" | awk '/"kind": "received"/ { theirs = 1 } theirs && /"text":/ { print; theirs = 0 }' | value text; }

deadline=$((SECONDS + written_s))
until desk chat 2 >/dev/null 2>&1; do
  [ $SECONDS -lt $deadline ] || { say "The buyers have not written; no tour this time." "买家没有来信，本次没有导览。"; exit 0; }
  sleep 0.3
done

echo
say "--- Five minutes with Deskmate: four steps. Enter leaves one out, q the rest." \
  "--- 五分钟了解 Deskmate：共四步。按回车跳过一步，输入 q 结束导览。"
[ -z "$link" ] || say "--- In a browser beside this you see it all happen: $link" "--- 可在浏览器中同时观看：$link"

echo
say "1/4  A buyer writes. This is chat 1, and why it is yours:" "1/4  买家来信。这是会话 1，以及它为什么分配给您："
echo "     $(desk --json chat 1 | value name): $(last_words 1)"
echo "     ($(desk --json chat 1 | value why_text))"

echo
say "2/4  Answer: type what you would say, and press Enter." "2/4  回复：输入您要说的话，然后按回车。"
ask "     >" "     >"
if listen answered 1; then
  if [ -n "$line" ]; then
    if request=$(desk --json reply 1 "$line" | value event) && [ -n "$request" ] && settled "$request"; then
      say "     Delivered. Often the buyer says thank you in a moment." "     已送达。买家过一会儿往往会道谢。"
    fi
  else
    say "     Left out. Later: deskmate reply 1 \"...\"" "     已跳过。之后可用：deskmate reply 1 \"……\""
  fi
else
  say "     You have answered in the browser. Delivered." "     您已在浏览器中回复，已送达。"
fi

echo
order=$(desk --json chat 2 | awk '/"orders":/ { inside = 1 } inside && /"number":/ { print; exit }' | value number)
member=$(desk --json chat 2 | value member) # who acts is whose chat it is
say "3/4  A stuck parcel. Chat 2 asks about it, and the desk shows the order at once:" "3/4  滞留的包裹。会话 2 正在询问，系统已直接显示订单："
echo "     $(desk --json chat 2 | value name): $(last_words 2)"
desk order "$order" | sed 's/^/     /'
say "     s sends the things again free of charge, r gives the money back." "     输入 s 免费重新寄出，输入 r 全额退款。"
ask "     >" "     >"
if listen acted "$order"; then
  request=
  case $line in
    s | S) request=$(desk --as "${member:-1}" --json resend "$order" --reason "The parcel is stuck" | value event) || true ;;
    r | R)
      fen=$(desk --json order "$order" | value paid)
      request=$(desk --as "${member:-1}" --json refund "$order" "$((fen / 100)).$(printf %02d $((fen % 100)))" --reason "The parcel is stuck" | value event) || true
      ;;
  esac
  if [ -z "$request" ]; then
    say "     Left out. Later: deskmate resend $order" "     已跳过。之后可用：deskmate resend $order"
  elif settled "$request"; then
    say "     Done in the shop, exactly once; who did it is in the log." "     店铺已处理，且只处理一次；日志中记有操作人。"
  fi
else
  say "     You have settled it in the browser." "     您已在浏览器中处理。"
fi

echo
say "4/4  Invite a co-owner, whose own machine then holds the whole desk: i shows an invitation." \
  "4/4  邀请合伙人，对方的机器将拥有完整的数据：输入 i 显示邀请。"
if ! grep -q '^\[peers\]' "$config"; then
  say "     (For that, deskmate.toml needs [peers] listen = [\"0.0.0.0:7420\"].)" "     （需要在 deskmate.toml 中设置 [peers] listen = [\"0.0.0.0:7420\"]。）"
else
  ask "     >" "     >"
  listen false || true
  if [ "$line" = i ] || [ "$line" = I ]; then
    say "     Here only this machine can take it, to try: in another terminal, with what follows \"deskmate\":" \
      "     示例只允许本机加入，仅供试用：在另一个终端运行以下命令，后接 deskmate 之后的部分："
    echo "       $program --config $(dirname "$config")/co-owner.toml join …"
    say "     On a real desk: peers.listen = [\"0.0.0.0:7420\"]. Ctrl-C withdraws the invitation." \
      "     正式使用时：peers.listen = [\"0.0.0.0:7420\"]。按 Ctrl-C 收回邀请。"
    trap ':' INT
    desk invite || say "     No co-owner for now. Later: deskmate invite" "     暂无合伙人。之后可用：deskmate invite"
    trap - INT
  else
    say "     Left out. Later: deskmate invite" "     已跳过。之后可用：deskmate invite"
  fi
fi

echo
say "That was it: chats come in, are divided fairly, answered and settled once, and nobody's server is in between." \
  "导览完成：会话进来、公平分配、回复与处理各一次，中间没有任何人的服务器。"
