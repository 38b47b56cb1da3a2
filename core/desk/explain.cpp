#include "core/desk/explain.hpp"

#include <optional>
#include <utility>

#include "core/desk/policy.hpp"

namespace deskmate::desk {
namespace {

using Text = std::pair<std::string_view, std::string_view>;  // English, Chinese

std::string_view pick(const Text& text, Language language) {
  return language == Language::chinese ? text.second : text.first;
}

std::string number(const Value& value) { return std::to_string(value.as_int()); }

// "41 h", "5 min", "20 s"
std::string span_text(std::uint64_t ms, Language language) {
  if (ms >= hour_ms)
    return std::to_string(ms / hour_ms) + std::string(pick({" h", " 小时"}, language));
  if (ms >= minute_ms) {
    return std::to_string(ms / minute_ms) + std::string(pick({" min", " 分钟"}, language));
  }
  return std::to_string(ms / second_ms) + std::string(pick({" s", " 秒"}, language));
}

// Hundredths, without zeros at the end: "1", "0.75", "-0.5".
std::string fraction(std::int64_t numerator, std::int64_t denominator) {
  if (denominator <= 0) return "?";
  const bool negative = numerator < 0;
  const std::int64_t size = negative ? -numerator : numerator;
  const std::int64_t hundredths =
      size / denominator * 100 + (size % denominator * 100 + denominator / 2) / denominator;
  std::string text = (negative && hundredths != 0 ? "-" : "") + std::to_string(hundredths / 100);
  if (hundredths % 100 != 0) {
    text += '.';
    text += static_cast<char>('0' + hundredths % 100 / 10);
    if (hundredths % 10 != 0) text += static_cast<char>('0' + hundredths % 10);
  }
  return text;
}

std::string presence_text(std::string_view name, Language language) {
  static constexpr std::pair<std::string_view, Text> texts[] = {
      {"online", {"online", "在线"}},
      {"back_soon", {"back soon", "马上回来"}},
      {"away", {"away", "离开"}},
      {"off", {"off", "下线"}},
      {"suspended", {"suspended", "挂起"}},
      {"cooling", {"resting", "正在休息"}},
      {"removed", {"no longer a member", "已不是成员"}},
  };
  for (const auto& [known, text] : texts) {
    if (known == name) return std::string(pick(text, language));
  }
  return std::string(name);
}

std::string role_text(std::string_view name, Language language) {
  for (const Role& role : roles()) {
    if (role.name == name) return std::string(pick({role.en, role.zh}, language));
  }
  return std::string(name);
}

std::string weights(const Value& shares) {
  std::string out;
  for (const Value& share : shares.as_array()) {
    if (!out.empty()) out += ':';
    out += number(share[1]);
  }
  return out;
}

// Why the one who served them last did not get it.
std::string last_text(const Value& last, Language language) {
  if (!last.is_map()) return {};
  const std::string member = number(last["member"]);
  const std::string ago = span_text(last["ago_ms"].as_uint(), language);
  const bool chinese = language == Language::chinese;
  if (last["because"].as_str() == "late") {
    const std::string within = span_text(last["within_ms"].as_uint(72 * hour_ms), language);
    return chinese ? "；上次由 " + member + " 号接待，已是 " + ago + "前，超过 " + within
                   : "; last served by member " + member + ", " + ago + " ago, more than " + within;
  }
  const std::string state = presence_text(last["because"].as_str(), language);
  return chinese ? "；上次由 " + member + " 号在 " + ago + "前接待，但" + state
                 : "; last served by member " + member + ", " + ago + " ago, but " + state;
}

std::string queued_text(const Value& why, Language language) {
  const std::string_view because = why["because"].as_str();
  Text text{"in the queue: nobody is there to take it", "排队中：没有人可以接待"};
  if (because == "full") {
    text = {"in the queue: those who are there have as many chats as they may",
            "排队中：在线的成员会话已满"};
  } else if (because == "cooling") {
    text = {"in the queue: those who are there are resting", "排队中：在线的成员正在休息"};
  }
  std::string out(pick(text, language));
  if (const std::string_view role = why["role"].as_str(); !role.empty()) {
    out += pick({" (", "（"}, language);
    out += role_text(role, language);
    out += pick({")", "）"}, language);
  }
  return out + last_text(why["last"], language);
}

// Why a peer may act for a chat, or may not.
std::optional<Text> right_text(std::string_view rule) {
  static constexpr std::pair<std::string_view, Text> texts[] = {
      {"alone", {"this is the only machine of the desk", "本机是唯一的机器"}},
      {"acked", {"all machines have confirmed who has it", "所有机器都已确认归属"}},
      {"lapsed",
       {"the buyer has waited beyond the target and a machine cannot be seen: what the thread says "
        "is read first",
        "买家等待已超时，且有机器联系不上：先查看会话最新内容"}},
      {"dropped",
       {"a machine was removed, declared gone or restored since the buyer wrote, and may have "
        "answered "
        "unseen: what the thread says is read first",
        "买家写信之后有机器被移除、宣布离开或恢复了备份，它可能已经回复：先查看会话最新内容"}},
      {"by_hand",
       {"taken by hand and not confirmed by all machines: what the thread says is read first",
        "手动接手，尚未经所有机器确认：先查看会话最新内容"}},
      {"under_way",
       {"another machine is to send a reply and has not said that it has: what the thread says is "
        "read first",
        "另一台机器有回复待发送，尚未确认已发出：先查看会话最新内容"}},
      {"skewed",
       {"this machine's clock and another's are too far apart: nothing is sent until it is right",
        "本机与其他机器的时钟相差太大：校正之前不会发送"}},
      {"left",
       {"this machine has said goodbye: it only reads, until it says hello again",
        "本机已离线：只能查看，重新上线后才能操作"}},
      {"removed", {"this machine is no longer part of the desk", "本机已不属于这个客服台"}},
      {"unready",
       {"this machine has just come back, and not all others know of it yet",
        "本机刚上线，其他机器尚未全部得知"}},
      {"nobodys", {"nobody has the chat yet", "会话还没有人接待"}},
      {"others", {"the chat is another machine's", "会话归另一台机器"}},
      {"unacked", {"not all machines have confirmed who has it", "尚未经所有机器确认归属"}},
      {"closed", {"the chat is closed", "会话已关闭"}},
  };
  for (const auto& [known, text] : texts) {
    if (known == rule) return text;
  }
  return std::nullopt;
}

}  // namespace

std::string explain(const Value& why, Language language) {
  const bool chinese = language == Language::chinese;
  const std::string_view rule = why["rule"].as_str();
  const std::string member = number(why["member"]);
  if (rule == "sticky") {
    const std::string ago = span_text(why["ago_ms"].as_uint(), language);
    const std::string state = presence_text(why["presence"].as_str(), language);
    return chinese ? "上次由 " + member + " 号接待，" + ago + "前，" + state
                   : "last served by member " + member + ", " + ago + " ago, " + state;
  }
  if (rule == "weight") {
    const std::string owed = fraction(why["owed"].as_int(), why["of"].as_int());
    const std::string shares = weights(why["shares"]);
    const std::string text =
        chinese ? "按权重 " + shares + "，应给 " + member + " 号 " + owed + " 个"
                : "by weight, " + shares + ", member " + member + " was owed " + owed;
    return text + last_text(why["last"], language);
  }
  if (rule == "expert") {
    const std::string topic(why["topic"].as_str());
    return chinese ? member + " 号是“" + topic + "”的专家"
                   : "member " + member + " is an expert for \"" + topic + "\"";
  }
  if (rule == "role") {
    const std::string role = role_text(why["role"].as_str(), language);
    return chinese ? "转给" + role + "，" + member + " 号会话最少"
                   : "transferred to " + role + ", member " + member + " had the fewest chats";
  }
  if (rule == "cut") {
    const std::string shares = weights(why["shares"]);
    return chinese ? "联系不上其他机器，按权重 " + shares + " 抽签，归 " + member + " 号"
                   : "the peers could not see each other: drawn by the weights " + shares +
                         ", member " + member;
  }
  if (rule == "vanished") {
    const std::string waited = span_text(why["waited_ms"].as_uint(), language);
    if (why["from"].is_nil()) {
      return chinese ? "买家已等 " + waited + "，没有人可以接待，由 " + member + " 号接手"
                     : "the buyer had waited " + waited +
                           " and nobody had the chat: taken over by member " + member;
    }
    const std::string from = number(why["from"]);
    return chinese
               ? "买家已等 " + waited + "，联系不上 " + from + " 号的机器，由 " + member + " 号接手"
               : "the buyer had waited " + waited + " and member " + from +
                     "'s machine could not be seen: taken over by member " + member;
  }
  if (const auto right = right_text(rule)) return std::string(pick(*right, language));
  if (rule == "manual") {
    return chinese ? member + " 号自己接了" : "taken by member " + member;
  }
  if (rule == "transferred") {
    const std::string from = number(why["from"]);
    const std::string to = why["role"].is_str() ? role_text(why["role"].as_str(), language)
                           : chinese            ? " " + member + " 号"
                                                : "member " + member;
    return chinese ? "由 " + from + " 号转给" + to : "transferred by member " + from + " to " + to;
  }
  if (rule == "released") {
    const std::string from = number(why["from"]);
    return chinese ? from + " 号下班交出" : "handed over by member " + from;
  }
  if (rule == "queued") return queued_text(why, language);
  if (rule == "blocked") {
    return std::string(
        pick({"not routed: the buyer is blocked", "不分配：买家已被拉黑"}, language));
  }
  return std::string(rule);
}

std::string explain(const Error& error, Language language) {
  const auto with = [&](const Text& text) {
    std::string out(pick(text, language));
    if (!error.detail.empty()) {
      out += language == Language::chinese ? "：" : ": ";
      out += error.detail;
    }
    return out + (language == Language::chinese ? "。" : ".");
  };
  switch (error.code) {
    case Errc::no_such_chat:
      return with({"There is no such chat", "没有这个会话"});
    case Errc::many_chats:
      return with({"Several chats were given this number; name the one by",
                   "有多个会话使用过这个编号，请改用"});
    case Errc::no_such_member:
      return with({"There is no such member", "没有这个成员"});
    case Errc::no_such_role:
      return with({"Nobody on this desk has the role", "没有人是这个角色"});
    case Errc::no_such_order:
      return with({"There is no such order", "没有这个订单"});
    case Errc::no_such_buyer:
      return with({"There is no such buyer", "没有这个买家"});
    case Errc::no_such_request:
      return with({"There is no such request", "没有这个请求"});
    case Errc::not_open:
      return with({"The chat is closed", "会话已关闭"});
    case Errc::not_unknown:
      return with({"This request is not waiting for a person's word", "这个请求不需要人工确认"});
    case Errc::note_required:
      return with({"A transfer needs a note for whoever takes over", "转接需要给接手人留言"});
    case Errc::text_required:
      return with({"There is no text", "没有内容"});
    case Errc::too_long:
      return with({"That is too long", "内容太长"});
    case Errc::same_member:
      return with({"The chat is theirs already", "会话已经在他那里"});
    case Errc::same_buyer:
      return with({"An account cannot be joined with itself", "账号不能与自己合并"});
    case Errc::blocked:
      return with({"The buyer is blocked; unblock them first", "买家已被拉黑，请先解除"});
    case Errc::bad_amount:
      return with(
          {"The amount must be above 0, at most what was paid and not refunded yet, and in "
           "the order's currency",
           "金额必须大于 0，不超过已付未退的金额，币种与订单一致"});
    case Errc::bad_schedule:
      return with({"The schedule cannot be read; write for example \"mon-fri 09:00-18:00\"",
                   "时间表无法读取，请写成例如 \"mon-fri 09:00-18:00\""});
    case Errc::no_shifts:
      return with(
          {"This member has no working hours, so no overtime", "这位成员没有排班，也就没有加班"});
    case Errc::not_theirs:
      return with({"This is for a supervisor to answer, or where there is none for another member",
                   "此事由主管答复；没有主管时由其他成员答复"});
    case Errc::not_asked:
      return with({"This member has not asked for it, or it has been answered",
                   "这位成员没有申请，或已有答复"});
    case Errc::no_such_peer:
      return with({"There is no such peer on this desk", "没有这台机器"});
    case Errc::no_such_change:
      return with({"There is no such change waiting for a word", "没有这项等待同意的变更"});
    case Errc::same_peer:
      return with({"That is so already, or it is this very machine", "已是如此，或就是本机"});
    case Errc::peer_left:
      return with({"This machine has left the desk: it only reads, until it says hello again",
                   "本机已离线：只能查看，重新上线后才能操作"});
    case Errc::no_such_promise:
      return with({"There is no such promise", "没有这个承诺"});
    case Errc::no_such_question:
      return with({"There is no such question", "没有这个提问"});
    case Errc::no_such_case:
      return with({"There is no such case", "没有这个工单"});
    case Errc::no_such_problem:
      return with({"There is no such open problem", "没有这个待处理的问题"});
    case Errc::many_cases:
      return with({"Several cases were given this number; name the one by",
                   "有多个工单使用过这个编号，请改用"});
    case Errc::about_required:
      return with({"It has to be about something: a chat, a buyer, an order",
                   "需要指明相关的会话、买家或订单"});
    case Errc::over:
      return with({"That is over already", "已经结束"});
    case Errc::too_many:
      return with({"There are as many as there may be", "数量已达上限"});
    case Errc::bad_time:
      return with({"That time is past or too far ahead", "时间已过或太远"});
    case Errc::not_allowed:
      return with({"Only a supervisor or an owner may do that", "仅主管或店主可以这样做"});
    case Errc::no_such_offer:
      return with({"There is no such offer", "没有这个补偿方案"});
    case Errc::not_read_back:
      return with({"The offer has not been read back to the buyer", "方案还没有向买家复述"});
    case Errc::not_confirmed:
      return with({"The buyer has not said so since the offer was read back; if they did "
                   "elsewhere, write down how",
                   "复述后买家还没有答复；如果是在别处答复的，请写明"});
    case Errc::reason_required:
      return with({"This needs a reason, which stays on record", "需要写明理由，并留存记录"});
    case Errc::needs_approval:
      return with({"That is beyond the member's authority", "超出该成员的权限"});
    case Errc::not_here:
      return with({"That is done at the machine where it was proposed", "须在提出方案的机器上执行"});
    case Errc::not_now:
      return with({"This machine may not give anything away at present; see its peers",
                   "本机目前不能支出，请查看各机器的状态"});
    case Errc::bad_value:
      return with({"That value is out of range", "数值超出范围"});
  }
  return with({"That is not possible", "无法执行"});
}

}  // namespace deskmate::desk
