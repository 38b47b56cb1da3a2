// What a peer of the desk says after it was let in: nothing crashes, what is kept stays within its
// limits, and nothing is stored that was not asked for.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "core/peer/memory_store.hpp"
#include "core/peer/replica.hpp"
#include "core/peer/replica_messages.hpp"

namespace {

using namespace deskmate::peer;

constexpr LinkId link_id = 1;
constexpr std::size_t buffered_max = 16u << 20;  // of one link

LogName log_of(std::uint8_t peer) {
  LogName log;
  log.desk.fill(7);
  log.peer.fill(peer);
  log.incarnation = 1;
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto unpacked = message::unpack(bytes, 4'096); unpacked && unpacked->size() != 4'096) {
    std::abort();
  }
  if (const auto stretch = message::decode_stretch(log_of(9), bytes)) {
    if (message::decode_stretch(log_of(9), message::encode(*stretch)) != stretch) std::abort();
  }
  if (const auto bodies = message::decode_bodies(bytes);
      bodies && bodies->size() > bodies_asked_max) {
    std::abort();
  }
  testing::MemoryStore store(log_of(1));
  const Now now{1'000, 1'800'000'000'000};
  Replica replica(store, now);
  replica.set_peers({{log_of(9).peer, {}}}, now);
  replica.link_up(link_id, log_of(9).peer, now);
  message::Hello hello;
  hello.desk = log_of(1).desk;
  hello.peer = log_of(9).peer;
  hello.incarnation = 1;
  hello.features = {std::string(message::feature_bodies), std::string(message::feature_zstd)};
  hello.frontier = {{{hello.peer, 1}, 1'000}};
  replica.receive(link_id, message::encode(hello), now);
  while (!bytes.empty()) {  // two bytes of length before each message
    std::size_t length = static_cast<unsigned char>(bytes[0]);
    if (bytes.size() > 1) length = length << 8 | static_cast<unsigned char>(bytes[1]);
    bytes.remove_prefix(bytes.size() > 1 ? 2 : 1);
    const auto message = bytes.substr(0, length);
    bytes.remove_prefix(message.size());
    replica.receive(link_id, message, now);
    for (Output& output : replica.take()) {
      if (auto* append = std::get_if<out::Append>(&output)) store.append(std::move(*append));
      replica.carrier_unsent(link_id, 0, now);
    }
    for (auto& done : store.sync()) replica.appended(done.ticket, std::move(done.outcome), now);
    if (replica.status().buffered_bytes > buffered_max) std::abort();
  }
  return 0;
}
