// Bytes from a stranger as TLS and as the first frames in it: nothing crashes, nobody is let in who
// has proved no key.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/bus/frame.hpp"
#include "core/peer/tls.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace deskmate::peer;
  static const TlsContext context(*Identity::from_seed(std::array<std::uint8_t, seed_bytes>{7}));
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto side : {TlsSide::server, TlsSide::client}) {
    TlsSession session(context, side, alpn_link,
                       [](const PeerId&, std::string_view) { return true; });
    std::string plain;
    const std::size_t half = size / 2;
    if (session.feed(bytes.substr(0, half), plain)) {
      static_cast<void>(session.feed(bytes.substr(half), plain).has_value());
    }
    if (!plain.empty() || session.established()) std::abort();
    session.take_output();
  }
  return 0;
}
