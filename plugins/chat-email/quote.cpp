#include "plugins/chat-email/quote.hpp"

#include <initializer_list>
#include <vector>

#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t kAttributionBytesMax = 400;

Lines views_of_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string join(const Lines& lines, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = begin; i < end; ++i) {
    out += lines[i];
    out += '\n';
  }
  return std::string(trim(out));
}

bool is_quoted(std::string_view line) { return trim(line).starts_with('>'); }
bool is_blank(std::string_view line) { return trim(line).empty(); }

bool ends_with_any(std::string_view line, std::initializer_list<std::string_view> ends) {
  for (const auto end : ends) {
    if (line.ends_with(end)) return true;
  }
  return false;
}

bool contains_any(std::string_view line, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (line.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// "On Mon, 2 Mar 2026 at 10:00, Ann <ann@shop> wrote:"
bool is_attribution(std::string_view line) {
  line = trim(line);
  if (line.size() > kAttributionBytesMax) return false;
  if (line.starts_with("On ") && ends_with_any(line, {"wrote:", "wrote："})) return true;
  const bool chinese =
      ends_with_any(line, {"写道：", "写道:", "寫道：", "寫道:", "写到：", "写到:"});
  return chinese && contains_any(line, {"@", "在", "于", "於", "20"});
}

// "-----Original Message-----", "------------------ 原始邮件 ------------------"
bool is_divider(std::string_view line) {
  line = trim(line);
  if (!line.starts_with("--") || !line.ends_with("--") || line.size() > 200) return false;
  return contains_any(line, {"Original Message", "Original message", "original message", "原始邮件",
                             "原邮件", "原始郵件", "回复的邮件", "Replied Message"});
}

bool starts_with_any(std::string_view line, std::initializer_list<std::string_view> starts) {
  for (const auto start : starts) {
    if (line.starts_with(start)) return true;
  }
  return false;
}

// The block of headers that Outlook and others repeat above the old mail.
bool is_header_block(const Lines& lines, std::size_t at) {
  const auto bare = [&](std::size_t i) {
    std::string line(trim(lines[i]));
    std::erase(line, '*');
    return line;
  };
  if (!starts_with_any(bare(at), {"From:", "发件人：", "发件人:", "寄件者：", "寄件者:"})) {
    return false;
  }
  constexpr std::size_t kLinesAhead = 5;
  bool sent = false;
  bool to = false;
  for (std::size_t i = at + 1; i < lines.size() && i <= at + kLinesAhead; ++i) {
    const std::string line = bare(i);
    sent = sent || starts_with_any(line, {"Sent:", "Date:", "发送时间：", "发送时间:", "日期：",
                                          "日期:", "发送日期"});
    to = to || starts_with_any(line, {"To:", "收件人：", "收件人:", "Subject:", "主题：", "主题:"});
  }
  return sent && to;
}

// Where the last line that is marked, and the last that is not, stand: one behind them, 0 for none.
struct Marks {
  explicit Marks(const Lines& lines) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (is_quoted(lines[i])) {
        quoted = i + 1;
      } else if (!is_blank(lines[i])) {
        own = i + 1;
      }
    }
  }
  bool all_quoted(std::size_t begin) const { return own <= begin; }
  bool any_quoted(std::size_t begin) const { return quoted > begin; }
  std::size_t quoted = 0;
  std::size_t own = 0;
};

// Where the history begins; lines.size() where there is none.
std::size_t history_at(const Lines& lines) {
  const Marks marks(lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_divider(lines[i]) || is_header_block(lines, i)) return i;
    std::size_t next = i + 1;
    bool attribution = is_attribution(lines[i]);
    if (!attribution && next < lines.size() && trim(lines[i]).starts_with("On ")) {
      // Broken over two lines.
      const std::string both = std::string(trim(lines[i])) + " " + std::string(trim(lines[next]));
      attribution = is_attribution(both);
      next += attribution ? 1 : 0;
    }
    // With marked lines below, everything below has to be marked: else the answers stand between.
    if (attribution && (!marks.any_quoted(next) || marks.all_quoted(next))) return i;
    if (is_quoted(lines[i]) && marks.all_quoted(i)) return i;
  }
  return lines.size();
}

bool is_device_line(std::string_view line) {
  line = trim(line);
  return line.size() < 120 &&
         starts_with_any(line,
                         {"Sent from my ", "Sent from Mail", "Sent from Outlook", "Get Outlook for",
                          "发自我的", "发自 ", "来自我的", "从我的", "發自我的", "从 Windows 版"});
}

std::size_t without_signature(const Lines& lines, std::size_t end) {
  std::size_t last = end;
  while (last > 0 && is_blank(lines[last - 1])) --last;
  for (std::size_t i = last; i > 0 && last - i < kSignatureLinesMax; --i) {
    const std::string_view line = lines[i - 1];
    if (line == "-- " || line == "--") {
      last = i - 1;
      break;
    }
  }
  while (last > 0 && (is_blank(lines[last - 1]) || is_device_line(lines[last - 1]))) --last;
  return last;
}

}  // namespace

Reply split_reply(std::string_view text) {
  const Lines lines = views_of_lines(text);
  const std::size_t history = history_at(lines);
  const std::size_t end = without_signature(lines, history);
  Reply reply;
  reply.said = join(lines, 0, end);
  if (reply.said.empty()) return {std::string(trim(text)), ""};
  reply.quoted = std::string(cut_utf8(join(lines, history, lines.size()), kQuotedBytesMax));
  return reply;
}

}  // namespace deskmate::chat_email
