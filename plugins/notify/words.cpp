#include "words.hpp"

#include <algorithm>

namespace deskmate::notify {
namespace {

constexpr std::uint64_t minute_ms = 60'000;
constexpr std::uint64_t minutes_of_hour = 60;

std::string waited(bool chinese, std::uint64_t ms) {
  const std::uint64_t minutes = ms / minute_ms;
  if (minutes < 1) return chinese ? "刚刚" : "just now";
  if (minutes < minutes_of_hour) {
    return chinese ? "已等 " + std::to_string(minutes) + " 分钟"
                   : "waiting " + std::to_string(minutes) + " min";
  }
  const std::uint64_t hours = minutes / minutes_of_hour;
  return chinese ? "已等 " + std::to_string(hours) + " 小时"
                 : "waiting " + std::to_string(hours) + " h";
}

std::string count_of(bool chinese, std::uint64_t count) {
  if (chinese) return std::to_string(count) + " 个会话";
  return std::to_string(count) + (count == 1 ? " chat" : " chats");
}

}  // namespace

std::string cut(std::string_view text, std::size_t chars_max) {
  std::size_t chars = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (begins && chars++ == chars_max) return std::string(text.substr(0, at)) + "…";
  }
  return std::string(text);
}

Words notice_words(bool chinese, const std::vector<ChatLine>& chats, std::uint64_t more,
                   std::uint64_t answer_hours) {
  Words out;
  const std::uint64_t all = chats.size() + more;
  const std::string first = "#" + std::to_string(chats.front().number);
  if (all == 1) {
    out.subject = chinese ? "Deskmate：会话 " + first + " 等待回复"
                          : "Deskmate: chat " + first + " waits for an answer";
  } else {
    out.subject = chinese ? "Deskmate：" + count_of(true, all) + "等待回复"
                          : "Deskmate: " + count_of(false, all) + " wait for an answer";
  }
  std::string& text = out.text;
  for (const ChatLine& chat : chats) {
    text += "#" + std::to_string(chat.number) + " · " + chat.shop + " · " +
            waited(chinese, chat.waiting_ms) + "\n";
    if (chat.earlier > 0 && !chat.messages.empty()) {
      const std::string count = std::to_string(chat.earlier);
      text += chinese ? "（之前还有 " + count + " 条）\n" : "(" + count + " more before)\n";
    }
    for (const std::string& message : chat.messages) text += cut(message, message_chars_max) + "\n";
    text += "\n";
  }
  if (more > 0) {
    text += chinese ? "另有 " + count_of(true, more) + "在等待。\n\n"
                    : "And " + count_of(false, more) + " more.\n\n";
  }
  const std::string hours = std::to_string(answer_hours);
  const bool days = answer_hours % 24 == 0;
  const std::string span = days ? std::to_string(answer_hours / 24) + (chinese ? " 天" : " d")
                                : hours + (chinese ? " 小时" : " h");
  if (chats.size() == 1) {
    text += chinese ? "回复本条通知，内容将作为店铺的回复发给该买家。"
                    : "Answer this notice: what you write goes to the buyer.";
  } else {
    text += chinese ? "回复时先写会话编号，例如“" + first + " 已发货。”；每次回复一个会话。"
                    : "Answer with the number in front, as in \"" + first +
                          " It left today.\": one chat with each answer.";
  }
  text += chinese ? "（" + span + "内有效，只发文字）\n" : " (Within " + span + "; text only.)\n";
  return out;
}

Words refusal_words(bool chinese, std::string_view code, std::string_view reason,
                    std::uint64_t number) {
  Words out;
  const std::string chat = number == 0 ? "" : " #" + std::to_string(number);
  out.subject = chinese ? "Deskmate：您的回复没有发出" + chat
                        : "Deskmate: your answer was not sent" + (chat.empty() ? "" : ":" + chat);
  if (code == "which") {
    out.text = chinese
                   ? "无法确定回复的是哪个会话。请再次回复原通知，在开头写上编号，每次一个会话。"
                   : "Which chat it is for could not be told. Answer the notice again, with the "
                     "number in front, one chat with each answer.";
  } else if (code == "expired") {
    out.text = chinese ? "该通知已过期，请在 Deskmate 中回复。"
                       : "That notice is too old to be answered. Please answer in Deskmate.";
  } else {
    out.text = chinese ? "原因：" : "Why: ";
    out.text += reason.empty() ? code : reason;
  }
  out.text += "\n";
  return out;
}

}  // namespace deskmate::notify
