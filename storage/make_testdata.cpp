// Writes testdata/v<format>: a small folder of the present format, to be kept for good and opened
// by the tests of every later version. Run once for each new format:
//   storage_make_testdata storage/testdata/v1
#include <cstdio>
#include <filesystem>
#include <future>
#include <string>

#include "storage/database.hpp"
#include "storage/migrate.hpp"
#include "storage/store.hpp"

namespace {

using deskmate::storage::Id16;
using deskmate::storage::NewEvent;
using deskmate::storage::Store;

NewEvent event_of(std::string type, std::string facts, std::string body, std::uint8_t buyer) {
  NewEvent event;
  event.type = std::move(type);
  event.stamp = 1'700'000'000'000ULL << 16;
  event.facts = std::move(facts);
  event.body = std::move(body);
  Id16 id{};
  id.fill(buyer);
  if (buyer != 0) event.buyer = id;
  return event;
}

bool fill(const std::string& folder) {
  auto store = Store::open({.folder = folder});
  if (!store) return false;
  NewEvent request = event_of("reply.requested", "facts 3", "body 3", 1);
  request.request = true;
  (*store)->append({event_of("message.received", "facts 1", "body 1", 1),
                    event_of("message.received", "facts 2", "body 2", 2), request},
                   deskmate::storage::CursorMove{"reader", 2}, {});
  (*store)->append({event_of("member.set", "facts 4", "", 0)}, {});
  (*store)->kv_put("owner", "key", "value", {});
  (*store)->write_tables({{"table", "key", "value"}}, 3, {});
  Id16 buyer{};
  buyer.fill(1);
  auto file = (*store)->put_file(buyer, "attachment");
  if (!file) return false;
  std::printf("attachment %s\n", deskmate::storage::hex(*file).c_str());
  buyer.fill(2);
  if (!(*store)->verify()) return false;  // so that event 4 is signed
  (*store)->append({event_of("message.received", "facts 5", std::string(5'000, '5'), 1)}, {});
  return (*store)->erase_buyer(buyer).has_value();
}

}  // namespace

int main(int count, char** arguments) {
  namespace fs = std::filesystem;
  if (count != 2 || fs::exists(arguments[1])) {
    std::fprintf(stderr, "usage: storage_make_testdata NEW_FOLDER\n");
    return 2;
  }
  std::string folder = arguments[1];
  if (!fill(folder)) return 1;
  {
    auto database =
        deskmate::storage::Database::open(folder, 1u << 20, deskmate::storage::format_version);
    if (!database || !(*database)->copy_to(folder + "/compact.mdb")) return 1;
  }
  fs::rename(folder + "/compact.mdb", folder + "/data.mdb");
  fs::remove(folder + "/lock.mdb");
  fs::remove(folder + "/deskmate.lock");
  return 0;
}
