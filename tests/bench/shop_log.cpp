#include "tests/bench/shop_log.hpp"

#include <stdlib.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "core/bus/test_loop.hpp"
#include "core/daemon/journal.hpp"
#include "tests/bench/figures.hpp"

namespace deskmate::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t first_ms = 1'700'000'000'000;
constexpr std::string_view shop_name = "mail";
// The layout of the folders here; another one makes them anew.
constexpr std::string_view folder_version = "2";
constexpr std::size_t append_events = 4'096;

Value bin(const storage::Id16& id) { return Value::bin(id); }

std::string words(std::uint64_t number, std::uint32_t turn) {
  static constexpr std::string_view said[] = {
      "Hello, ",          "could you tell me ", "when the parcel ", "is on its way? ",
      "The colour ",      "is wrong, ",         "I ordered two, ",  "please send ",
      "the larger size ", "to my address. ",    "Thank you. ",      "Best regards, ",
      "one came broken ", "out of the box. "};
  std::string text;
  for (std::uint64_t at = number * 7 + turn; text.size() < payload_bytes; at = at * 5 + 3) {
    text.append(said[at % std::size(said)]);
  }
  return text;
}

// A map whose bytes are payload_bytes, by the length of its text.
Value sized(Value body, std::string text) {
  body["text"] = text;
  const std::size_t too_much = encode(body).size() - payload_bytes;
  text.resize(text.size() - too_much);
  body["text"] = std::move(text);  // a byte less where the length of its length changed
  return body;
}

std::string wait_for(const std::function<void(std::function<void(storage::Result<void>)>)>& start) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::string error;
  start([&](const storage::Result<void>& result) {
    std::lock_guard lock(mutex);
    if (result.has_error()) error = result.error().message;
    done = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
  return error;
}

void append_all(storage::Store& store, std::vector<storage::NewEvent> events) {
  const std::string error = wait_for([&](auto done) {
    store.append(std::move(events),
                 [done](const storage::Result<std::vector<storage::Appended>>& result) {
                   done(result.has_error() ? storage::Result<void>(result.error())
                                           : storage::Result<void>());
                 });
  });
  if (!error.empty()) throw std::runtime_error("shop log: " + error);
}

}  // namespace

Shop::Shop(const daemon::Pseudonyms& pseudonyms, const storage::LogName& log, std::uint64_t before,
           std::uint64_t size)
    : pseudonyms_(pseudonyms),
      log_(log),
      made_(before),
      conversations_(before),  // beyond those that were before
      buyers_(std::max<std::uint64_t>(size / buyer_events, 1)) {}

std::uint64_t Shop::now_ms() const { return first_ms + made_ * event_ms; }

storage::Id16 Shop::chat_of(std::uint64_t number) const {
  return pseudonyms_.of_shop("thread", shop_name, "<" + std::to_string(number) + "@buyers.test>");
}

// Buyers come back, in no order.
std::string Shop::address_of(std::uint64_t number) const {
  const std::uint64_t mixed = (number * 0x9e3779b97f4a7c15) >> 20;
  return std::to_string(mixed % buyers_) + "@buyers.test";
}

storage::Id16 Shop::buyer_of(std::uint64_t number) const {
  return pseudonyms_.of_shop("buyer", shop_name, address_of(number));
}

Value Shop::message(std::uint64_t number, std::uint32_t turn) const {
  const std::string thread = "<" + std::to_string(number) + "@buyers.test>";
  const std::string buyer = address_of(number);
  const std::string id =
      turn == 0 ? thread : "<" + std::to_string(number) + "." + std::to_string(turn) + "@b.test>";
  const Value refs = Value::map({{"thread", thread}, {"buyer", buyer}, {"message", id}});
  // The daemon puts the refs into the body.
  Value body = sized(Value::map({{"subject", "My order"}, {"name", "Eve Li"}, {"refs", refs}}),
                     words(number, turn));
  body.make_map().erase("refs");
  return Value::map({{"type", "message.received"},
                     {"facts", Value::map({{"shop", shop_name}, {"at", now_ms()}})},
                     {"refs", refs},
                     {"contacts", Value::array({"email:" + buyer})},
                     {"dedupe", "message"},
                     {"body", std::move(body)}});
}

storage::NewEvent Shop::plain(const char* type, const Value& facts) const {
  storage::NewEvent event;
  event.type = type;
  event.stamp = now_ms() << 16;
  event.facts = encode(facts);
  return event;
}

storage::NewEvent Shop::reply(std::uint64_t number, std::uint32_t turn) const {
  const auto chat = bin(chat_of(number));
  storage::NewEvent event =
      plain("reply.requested", Value::map({{"chat", chat},
                                           {"shop", shop_name},
                                           {"thread", chat},
                                           {"buyer", bin(buyer_of(number))},
                                           {"member", number % shop_members + 1}}));
  const std::string thread = "<" + std::to_string(number) + "@buyers.test>";
  event.body =
      encode(sized(Value::map({{"refs", Value::map({{"thread", thread}, {"message", thread}})}}),
                   words(number, turn + 1)));
  event.buyer = buyer_of(number);
  event.request = true;
  return event;
}

storage::NewEvent Shop::step(Conversation& at) {
  const auto chat = bin(chat_of(at.number));
  const std::uint32_t turn = at.step < 5 ? 0 : 1;
  const auto id = storage::event_id({log_, made_ + 1});
  const auto outcome = [&](const char* type, const Map& more) {
    Map facts{{"request", bin(at.request)}, {"kind", "reply"}, {"attempt", 1}};
    for (const auto& [key, value] : more) facts.set(key, value);
    return plain(type, facts);
  };
  switch (at.step++) {
    case 0:
      at.opening = id;
      [[fallthrough]];
    case 5: {
      const std::string bytes = encode(message(at.number, turn));
      Document document;
      if (!document.parse(bytes)) throw std::logic_error("shop log: a message");
      auto prepared = daemon::prepare(document.root(), shop_name, pseudonyms_);
      if (!prepared) throw std::logic_error("shop log: " + prepared.error().message);
      prepared->event.stamp = now_ms() << 16;
      return std::move(prepared->event);
    }
    case 1: {
      Value shares = Value::array();
      for (std::uint32_t member = 1; member <= shop_members; ++member) {
        shares.push_back(Value::array({member, member == 1 ? 3 : 1}));
      }
      return plain("chat.assigned", Value::map({{"chat", chat},
                                                {"visit", bin(at.opening)},
                                                {"number", at.number + 1},
                                                {"member", at.number % shop_members + 1},
                                                {"why", Value::map({{"rule", "weight"}})},
                                                {"shares", shares}}));
    }
    case 2:
    case 6:
      at.request = id;
      return reply(at.number, turn);
    case 3:
    case 7:
      return outcome("reply.attempted", {});
    case 4:
    case 8:
      return outcome(
          "reply.done",
          {{"message", bin(pseudonyms_.of_shop(
                           "message", shop_name,
                           "<reply" + std::to_string(at.number * 2 + turn) + "@shop.test>"))}});
    default:
      return plain("chat.closed",
                   Value::map({{"chat", chat}, {"member", at.number % shop_members + 1}}));
  }
}

storage::NewEvent Shop::next() {
  if (open_.size() < conversations_open) open_.push_back({conversations_++, 0, {}, {}});
  Conversation conversation = open_.front();
  open_.pop_front();
  storage::NewEvent event = step(conversation);
  if (conversation.step < conversation_events) open_.push_back(conversation);
  ++made_;
  return event;
}

std::vector<storage::NewEvent> Shop::members() {
  std::vector<storage::NewEvent> events;
  for (std::uint32_t number = 1; number <= shop_members; ++number) {
    storage::NewEvent set;
    set.type = "member.set";
    set.stamp = (first_ms - 1) << 16;
    set.facts = encode(Value::map({{"member", number},
                                   {"name", "Member " + std::to_string(number)},
                                   {"role", "presale"},
                                   {"weight", number == 1 ? 3 : 1},
                                   {"zone", "UTC"}}));
    events.push_back(set);
    storage::NewEvent here = set;
    here.type = "member.presence";
    here.facts = encode(Value::map({{"member", number}, {"state", "online"}}));
    events.push_back(here);
  }
  return events;
}

std::unique_ptr<storage::Store> open_store(const std::string& folder) {
  auto store = storage::Store::open({.folder = folder});
  if (store.has_error()) throw std::runtime_error("shop log: " + store.error().message);
  return std::move(store).value();
}

void clear_tables(storage::Store& store) {
  const std::string error = wait_for([&](auto done) { store.clear_tables(std::move(done)); });
  if (!error.empty()) throw std::runtime_error("shop log: " + error);
}

void wait_for_writer(storage::Store& store) {
  const std::string error =
      wait_for([&](auto done) { store.set_cursor("waited for", 0, std::move(done)); });
  if (!error.empty()) throw std::runtime_error("shop log: " + error);
}

void bring_up_to_date(storage::Store& store) {
  bus::TestLoop loop;
  daemon::TableCache tables(store);
  desk::Desk desk(tables, desk::Policy());
  daemon::Journal::Hooks hooks;
  hooks.prepare = [](const desk::Proposal&) -> Result<daemon::Prepared> {
    return Error{Status::unavailable, "nothing is decided here", {}};
  };
  daemon::Journal journal(
      loop, store, tables, desk, [] { return first_ms; }, std::move(hooks));
  if (auto opened = journal.open(); !opened) {
    throw std::runtime_error("shop log: " + opened.error().message);
  }
  if (tables.position() == tables.written_position()) return;
  const std::string error = wait_for([&](auto done) { tables.flush(std::move(done)); });
  if (!error.empty()) throw std::runtime_error("shop log: " + error);
  tables.flushed(true);
}

std::string shop_folder(std::uint64_t events) {
  const char* build = std::getenv("DESKMATE_BUILD");
  const fs::path base = (build != nullptr ? fs::path(build) : fs::temp_directory_path()) /
                        ("bench-logs-" + std::string(folder_version));
  const fs::path folder = base / std::to_string(events);
  if (fs::exists(folder)) return folder.string();
  const fs::path making = base / (std::to_string(events) + ".part");
  fs::remove_all(making);
  fs::create_directories(making);
  {
    auto store = open_store(making.string());
    const daemon::Pseudonyms pseudonyms(store->pseudonym_key(), "+86");
    auto batch = Shop::members();
    Shop shop(pseudonyms, store->log(), batch.size(), events);
    while (shop.made() < events) {
      batch.push_back(shop.next());
      if (batch.size() < append_events) continue;
      append_all(*store, std::exchange(batch, {}));
    }
    append_all(*store, std::move(batch));
    bring_up_to_date(*store);
  }
  fs::rename(making, folder);
  return folder.string();
}

FolderCopy::FolderCopy(const std::string& from) {
  std::string name = from + ".copy-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder beside " + from);
  path_ = name;
  fs::copy(from, path_, fs::copy_options::recursive);
  fs::remove(path_ + "/deskmate.lock");
}

FolderCopy::~FolderCopy() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::uint64_t body_bytes(std::uint64_t events) {
  return events * 4 / conversation_events * payload_bytes;
}

}  // namespace deskmate::bench
