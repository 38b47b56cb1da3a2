// Bytes from anywhere as a stream of frames: nothing crashes, nothing allocates what has not
// arrived, and what is accepted can be written and read again unchanged.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/bus/frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deskmate::bus;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  if (const auto frame = decode_frame(bytes)) {
    const std::string written = encode_frame(*frame);
    const auto again = decode_frame(written);
    if (!again || encode_frame(*again) != written) std::abort();
  } else if (frame.error().message.empty()) {
    std::abort();
  }

  FrameReader reader;
  std::size_t at = 0;
  while (at < size) {
    // Pieces of changing size, as a socket gives them.
    const std::size_t piece = 1 + data[at] % 32;
    reader.feed(bytes.substr(at, piece));
    at += piece;
    while (true) {
      const auto payload = reader.next();
      if (!payload || !*payload) break;
      if ((*payload)->empty() || (*payload)->size() > frame_bytes_max) std::abort();
      const auto frame = decode_frame(**payload);
      if (!frame && frame.error().message.empty()) std::abort();
    }
    if (reader.waiting() > size) std::abort();
  }
  return 0;
}
