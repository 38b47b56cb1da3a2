// What the owner is told about pairing and links, in each language.
#include "core/peer/texts.hpp"

namespace deskmate::peer {

namespace {

struct Ending {
  PairingEnd end;
  std::string_view name;
  const char* en;
  const char* zh;
};

constexpr Ending endings[] = {
    {PairingEnd::paired, "paired", "The two machines are paired.", "两台机器已配对。"},
    {PairingEnd::wrong_secret, "wrong_secret",
     "The invitation's secret is wrong. Copy the whole invitation again; after three wrong "
     "attempts "
     "it is void.",
     "邀请中的密钥不对。请重新复制整条邀请；错三次后邀请作废。"},
    {PairingEnd::expired, "expired",
     "The invitation has expired: it is good for ten minutes. Make a new one: deskmate invite",
     "邀请已过期（有效期十分钟）。请重新生成：deskmate invite"},
    {PairingEnd::voided, "voided",
     "The invitation is void: there were too many wrong attempts, or it was withdrawn. Make a new "
     "one: deskmate invite",
     "邀请已作废：错误次数太多，或已被撤回。请重新生成：deskmate invite"},
    {PairingEnd::used, "used",
     "The invitation has been used; it is good once. If that was not you, remove the peer that "
     "joined: deskmate peers",
     "邀请已被使用（只能用一次）。如果不是你本人，请移除刚加入的机器：deskmate peers"},
    {PairingEnd::busy, "busy",
     "Somebody is joining with this invitation just now. If that is not you, refuse it there.",
     "有人正在使用这条邀请加入。如果不是你本人，请在对方那里拒绝。"},
    {PairingEnd::declined, "declined",
     "Not paired: an owner said that the two numbers differ. Somebody else may have the "
     "invitation; make a new one and pass it on by a safer way.",
     "未配对：有一方表示两边数字不同。邀请可能已泄露，请重新生成并换更安全的方式传递。"},
    {PairingEnd::no_invitation, "no_invitation",
     "The other machine has no open invitation. Make one there: deskmate invite",
     "对方机器上没有有效的邀请。请在那里执行：deskmate invite"},
    {PairingEnd::impostor, "impostor",
     "Whoever answered does not know the invitation's secret. Nothing was exchanged. Make a new "
     "invitation.",
     "应答者不知道邀请中的密钥，未交换任何数据。请重新生成邀请。"},
    {PairingEnd::version, "version", "The two machines run versions that cannot pair. Update both.",
     "两台机器的版本无法配对，请都更新。"},
    {PairingEnd::broken, "broken", "The other machine sent something that cannot be. Not paired.",
     "对方发来的内容无法识别，未配对。"},
    {PairingEnd::lost, "lost",
     "The connection broke before the two were paired. Try again with the same invitation.",
     "配对完成前连接中断。请用同一条邀请再试。"},
    {PairingEnd::too_slow, "too_slow",
     "Nobody confirmed the number in time. Try again with the same invitation.",
     "未及时确认数字。请用同一条邀请再试。"},
    {PairingEnd::unreachable, "unreachable", "None of the invitation's addresses answers.",
     "邀请中的地址都无法连接。"},
};

const Ending& ending(PairingEnd end) {
  for (const Ending& candidate : endings) {
    if (candidate.end == end) return candidate;
  }
  return endings[0];
}

std::string list(const std::vector<Tried>& tried, bool chinese) {
  std::string out;
  for (const Tried& one : tried) {
    if (!out.empty()) out += chinese ? "；" : "; ";
    out += (one.relay ? (chinese ? "中继 " : "relay ") : std::string()) + to_text(one.address);
    if (!one.why.empty()) out += (chinese ? "（" : " (") + one.why + (chinese ? "）" : ")");
  }
  return out;
}

std::string list(const std::vector<Address>& addresses) {
  std::string out;
  for (const Address& address : addresses) out += (out.empty() ? "" : ", ") + to_text(address);
  return out;
}

}  // namespace

std::string_view name_of(PairingEnd end) { return ending(end).name; }

host::Text text_of(PairingEnd end) { return {ending(end).en, ending(end).zh}; }

host::Text unreachable_text(const std::string& who, std::uint64_t seconds,
                            const std::vector<Tried>& tried, const std::vector<Address>& own) {
  host::Text text;
  const std::string time = std::to_string(seconds);
  text.en = who + " cannot be reached for " + time + " s. ";
  text.zh = who + " 已有 " + time + " 秒无法连接。";
  if (tried.empty()) {
    text.en += "No address of it is known. ";
    text.zh += "没有它的地址。";
  } else {
    text.en += "Tried: " + list(tried, false) + ". ";
    text.zh += "已尝试：" + list(tried, true) + "。";
  }
  if (own.empty()) {
    text.en += "Open the other machine's port in its router and firewall (TCP, by default " +
               std::to_string(default_port) + ")";
    text.zh +=
        "请在对方的路由器和防火墙上开放其端口（TCP，默认 " + std::to_string(default_port) + "）";
  } else {
    text.en += "Open TCP port " + std::to_string(own.front().port) +
               " in the router and firewall here, forwarded to " + list(own) +
               ", or do so at the other machine";
    text.zh += "请在本地路由器和防火墙上开放 TCP 端口 " + std::to_string(own.front().port) +
               " 并转发到 " + list(own) + "，或在对方那里这样做";
  }
  text.en +=
      "; or run `deskmate relay` on a machine that both can reach and set it as relay at both.";
  text.zh += "；也可以在双方都能连到的机器上运行 deskmate relay，并在两边设为中继。";
  return text;
}

host::Text invitation_text(const Error& error) {
  if (error.where == "version") {
    return {"This invitation was made by a newer Deskmate. Update this one.",
            "这条邀请由更新版本的 Deskmate 生成，请更新本机。"};
  }
  if (error.where == "group") {
    return {"The invitation has a mistake: " + error.message + ". Compare it with the original.",
            "邀请有误：" + groups_in_chinese(error.message) + "。请与原文核对。"};
  }
  if (error.where == "character") {
    return {"The invitation has a mistake: " + error.message + ".",
            "邀请有误：含有不该出现的字符。请与原文核对。"};
  }
  if (error.where == "length") {
    return {"The invitation is not whole. Copy all of it.", "邀请不完整，请复制全文。"};
  }
  return {"That is no invitation: " + error.message + ".",
          "这不是有效的邀请。邀请以 " + std::string(invitation_prefix) + " 开头。"};
}

std::string groups_in_chinese(const std::string& message) {
  std::string numbers;
  std::string number;
  for (const char c : message + " ") {
    if (c >= '0' && c <= '9') {
      number += c;
    } else if (!number.empty()) {
      numbers += (numbers.empty() ? "第 " : " 或 ") + number;
      number.clear();
    }
  }
  return numbers + " 组有错";
}

}  // namespace deskmate::peer
