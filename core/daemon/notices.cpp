#include "core/daemon/notices.hpp"

#include <algorithm>
#include <cctype>
#include <memory>

#include "core/daemon/service.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::string_view notice_kind = "notice";
constexpr std::size_t number_digits_max = 18;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

struct Numbered {
  std::uint64_t number = 0;
  bool marked = false;  // "#41", or "41:"
  std::string_view rest;
};

// "#41: text", "41：text", "41 text"
std::optional<Numbered> numbered(std::string_view line) {
  Numbered out;
  line = trimmed(line);
  for (const std::string_view mark : {"#", "＃"}) {
    if (!line.starts_with(mark)) continue;
    line.remove_prefix(mark.size());
    out.marked = true;
    break;
  }
  std::size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits])) != 0) {
    out.number = out.number * 10 + static_cast<std::uint64_t>(line[digits++] - '0');
    if (digits > number_digits_max) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  line.remove_prefix(digits);
  for (const std::string_view end : {":", "："}) {
    if (!line.starts_with(end)) continue;
    out.rest = trimmed(line.substr(end.size()));
    out.marked = true;
    return out;
  }
  if (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())) == 0) {
    return std::nullopt;  // "41st"
  }
  out.rest = trimmed(line);
  return out;
}

// The request, where it is a notice.
std::optional<desk::RequestView> notice_of(Service& service, View id) {
  const auto bytes = id.as_bin();
  desk::Id16 request{};
  if (bytes.size() != request.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), request.begin());
  auto found = service.desk.request(request);
  if (!found || found->kind != notice_kind) return std::nullopt;
  return found;
}

struct Chat {
  desk::Id16 id{};
  desk::Id16 buyer{};
  std::uint64_t number = 0;
};

std::vector<Chat> chats_of(Service& service, const desk::RequestView& request) {
  std::vector<Chat> out;
  const auto whole = service.bodies.whole(request.ref);
  if (!whole) return out;
  for (const Value& id : whole->facts["chats"].as_array()) {
    Chat chat;
    if (id.as_bin().size() != chat.id.size() || out.size() == notice_chats_max) continue;
    std::copy(id.as_bin().begin(), id.as_bin().end(), chat.id.begin());
    const auto row = service.desk.chat_row(chat.id, service.options.wall_ms());
    if (!row || !row->buyer) continue;
    chat.buyer = *row->buyer;
    chat.number = row->number;
    out.push_back(chat);
  }
  return out;
}

// Asks the channel to perform a notice, or whether it did: as the outbox would, with what the
// plugin says is to be sent.
void hand_on(Service& service, const std::string& method, const Call& call, Answer answer) {
  const auto request = notice_of(service, call.params["request"]);
  if (!request || request->shop != call.session->name()) {
    return answer.fail({Status::not_found, "there is no such notice of this plugin", "request"});
  }
  const View body = call.params["body"];
  const std::pair<const char*, std::size_t> limits[] = {{"to", notice_to_bytes_max},
                                                        {"subject", notice_subject_bytes_max},
                                                        {"text", notice_text_bytes_max}};
  for (const auto& [name, bytes_max] : limits) {
    if (body[name].as_str().size() > bytes_max) {
      return answer.fail({Status::limit, "too long", std::string("body.") + name});
    }
  }
  const std::string channel(call.params["channel"].as_str());
  if (!service.plugins.performs(channel, notice_kind)) {
    return answer.fail({Status::unavailable,
                        "no plugin \"" + fix_utf8(channel) + "\" that sends notices runs",
                        "channel"});
  }
  Value params = Value::map({{"request", Value::bin(request->id)},
                             {"kind", notice_kind},
                             {"facts", Value::map()},
                             {"body", body.is_map() ? body.to_value() : Value::map()},
                             {"attempt", call.params["attempt"].as_uint(1)}});
  if (call.params.contains("since_ms")) params["since_ms"] = call.params["since_ms"].to_value();
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto asked = service.bus.call(channel, method, params, call.deadline_ms,
                                      [kept](Result<std::string> result) {
                                        if (!result) return kept->fail(result.error());
                                        kept->ok_encoded(std::move(*result));
                                      });
  if (!asked) kept->fail(asked.error());
}

}  // namespace

std::optional<Addressed> addressed(std::string_view text,
                                   const std::vector<std::uint64_t>& numbers) {
  text = trimmed(text);
  if (text.empty() || numbers.empty()) return std::nullopt;
  const auto line_end = std::min(text.find('\n'), text.size());
  const auto first = numbered(text.substr(0, line_end));
  const auto index_of = [&](std::uint64_t number) {
    return static_cast<std::size_t>(std::find(numbers.begin(), numbers.end(), number) -
                                    numbers.begin());
  };
  Addressed out;
  std::string_view said = text;
  if (first && (numbers.size() > 1 || first->marked) && index_of(first->number) < numbers.size()) {
    out.chat = index_of(first->number);
    said = trimmed(first->rest.empty()
                       ? text.substr(line_end)
                       : text.substr(static_cast<std::size_t>(first->rest.data() - text.data())));
  } else if (numbers.size() > 1) {
    return std::nullopt;
  }
  // Meant for another buyer: better sent to nobody.
  for (std::size_t begin = 0; begin < said.size();) {
    const auto end = std::min(said.find('\n', begin), said.size());
    const auto line = numbered(said.substr(begin, end - begin));
    if (line && line->marked && index_of(line->number) < numbers.size() &&
        index_of(line->number) != out.chat) {
      return std::nullopt;
    }
    begin = end + 1;
  }
  if (said.empty()) return std::nullopt;
  out.text = said;
  return out;
}

Result<Prepared> prepare_answer(Service& service, View event, std::string_view instance) {
  Value changed = event.to_value();
  std::optional<Chat> chat;
  if (const auto request = notice_of(service, event["facts"]["request"])) {
    const auto chats = chats_of(service, *request);
    std::vector<std::uint64_t> numbers;
    numbers.reserve(chats.size());
    for (const Chat& one : chats) numbers.push_back(one.number);
    if (auto to = addressed(event["body"]["text"].as_str(), numbers)) {
      chat = chats[to->chat];
      changed["facts"]["chat"] = Value::bin(chat->id);
      changed["body"]["text"] = std::move(to->text);
    }
  }
  if (!chat && changed["body"].is_map()) changed["body"]["text"] = Value();
  const std::string bytes = encode(changed);
  Document document;
  if (auto parsed = document.parse(bytes); !parsed) return parsed.error();
  auto prepared = prepare(document.root(), instance, service.pseudonyms);
  if (prepared && chat) prepared->event.buyer = chat->buyer;
  return prepared;
}

void serve_notices(Service& service) {
  service.bus.method("notice.perform", [&service](const Call& call, Answer answer) {
    hand_on(service, "action.perform", call, std::move(answer));
  });
  service.bus.method("notice.look_up", [&service](const Call& call, Answer answer) {
    hand_on(service, "action.look_up", call, std::move(answer));
  });
}

}  // namespace deskmate::daemon
