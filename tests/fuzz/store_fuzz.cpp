// A store's files with bytes changed, cut or repeated, as a broken disk or a careless hand leaves
// them: opening, reading and verifying end with an error or with a report, never with the process.
#include "storage/store.hpp"

#include <sys/stat.h>

#include <future>
#include <map>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

namespace {

constexpr std::size_t map_bytes = 1u << 20;

storage::Options options_for(const std::string& folder) {
  storage::Options options;
  options.folder = folder;
  options.initial_map_bytes = map_bytes;
  return options;
}

// A small store with something of everything, file by file.
std::map<std::string, std::string> made_store() {
  const fuzz::Folder folder;
  auto store = storage::Store::open(options_for(folder.path()));
  check(store.has_value());
  std::vector<storage::NewEvent> events;
  for (std::uint8_t i = 0; i < 12; ++i) {
    storage::NewEvent event;
    event.type = i % 3 == 0 ? "reply.requested" : "message.received";
    event.stamp = (1'700'000'000'000ULL + i) << 16;
    event.facts = std::string(20 + i * 40u, 'f');
    event.body = i % 4 == 0 ? std::string(6000, 'b') : "body";
    if (i % 2 == 0) event.buyer = storage::Id16{i};
    event.request = i % 3 == 0;
    events.push_back(std::move(event));
  }
  std::promise<void> done;
  (*store)->append(std::move(events), storage::CursorMove{"reader", 3},
                   [](const storage::Result<std::vector<storage::Appended>>& appended) {
                     check(appended.has_value());
                   });
  (*store)->write_tables({{"desk.chats", "key", "value"}, {"desk.chats", "other", "x"}}, 12, {});
  (*store)->kv_put("mail", "cursor", "17", [&](const storage::Result<void>&) { done.set_value(); });
  done.get_future().wait();
  check((*store)->verify().has_value());
  (*store).reset();
  std::map<std::string, std::string> files;
  for (const char* name : {"data.mdb", "keys"}) files[name] = fuzz::read_bytes(folder / name);
  for (const char* name : {"identity.key", "wrapping.key"}) {
    files[std::string("secrets/") + name] =
        fuzz::read_bytes(folder / (std::string("secrets/") + name));
  }
  return files;
}

void alter(std::string& bytes, FuzzedDataProvider& input) {
  if (bytes.empty()) return;
  const auto at = [&] {
    // A page of 4096 bytes and a place in it, so that headers are met often.
    const std::size_t page = input.ConsumeIntegral<std::uint8_t>() % (bytes.size() / 4096 + 1);
    const std::size_t place = input.ConsumeIntegral<std::uint16_t>() % 4096;
    return std::min(page * 4096 + (input.ConsumeBool() ? place : place % 64), bytes.size() - 1);
  };
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0:
      bytes.resize(at());
      break;
    case 1: {  // a page over another
      const std::size_t from = at() / 4096 * 4096, to = at() / 4096 * 4096;
      bytes.replace(to, 4096, bytes.substr(from, 4096));
      break;
    }
    case 2: {
      const std::string piece = input.ConsumeBytesAsString(8);
      const std::size_t place = at();
      for (std::size_t i = 0; i < piece.size() && place + i < bytes.size(); ++i) {
        bytes[place + i] = piece[i];
      }
      break;
    }
    default:
      bytes[at()] ^= static_cast<char>(1u << input.ConsumeIntegralInRange(0u, 7u));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::map<std::string, std::string> good = made_store();
  FuzzedDataProvider input(data, size);
  auto files = good;
  for (int changes = input.ConsumeIntegralInRange(0, 6); changes > 0; --changes) {
    static const char* const names[] = {
        "data.mdb", "data.mdb", "data.mdb", "keys", "secrets/wrapping.key", "secrets/identity.key"};
    alter(files[input.PickValueInArray(names)], input);
  }
  const fuzz::Folder folder;
  check(::mkdir((folder / "secrets").c_str(), 0700) == 0);
  for (const auto& [name, bytes] : files) {
    fuzz::write_bytes(folder / name, bytes);
    check(::chmod((folder / name).c_str(), 0600) == 0);
  }
  auto opened = storage::Store::open(options_for(folder.path()));
  if (!opened) {
    check(!opened.error().message.empty());
    return 0;
  }
  storage::Store& store = **opened;
  (void)store.read(0, 100, true, [&](const storage::StoredEvent& event) {
    check(event.header.type.size() <= storage::type_max);
    (void)store.open_body(event);
    return true;
  });
  (void)store.cursor("reader");
  (void)store.kv_get("mail", "cursor");
  (void)store.kv_count("mail");
  (void)store.table_scan("desk.chats", "", false,
                         [](std::string_view, std::string_view) { return true; });
  const auto report = store.verify();
  if (files == good) check(report.has_value() && report.value().faults.empty());
  return 0;
}
