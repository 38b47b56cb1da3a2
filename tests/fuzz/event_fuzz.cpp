// Bytes from anywhere as an event's header and a log's key, as a peer or a damaged disk gives them:
// nothing crashes, and what is accepted is the one way to write it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "storage/event.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deskmate::storage;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto header = decode_header(bytes)) {
    if (encode(*header) != bytes) std::abort();
  } else if (header.error().message.empty()) {
    std::abort();
  }
  if (const auto key = decode_log_key(bytes)) {
    const auto written = encode(*key);
    if (std::string_view(reinterpret_cast<const char*>(written.data()), written.size()) != bytes) {
      std::abort();
    }
  }
  return 0;
}
