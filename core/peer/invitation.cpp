#include "core/peer/invitation.hpp"

#include <arpa/inet.h>
#include <qrencode.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

#include "storage/bytes.hpp"
#include "storage/hash.hpp"

namespace deskmate::peer {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t check_bytes = 2;
constexpr int quiet_modules = 2;  // QR asks for 4; terminals' own margins do the rest

enum Place : std::uint8_t { v4 = 0, v6 = 1, name = 2, relay_bit = 0x80 };

void put(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(number >> shift & 0xffu);
  }
}

void put_place(std::string& out, const Address& address, std::uint8_t bit) {
  std::array<char, 16> raw{};
  if (::inet_pton(AF_INET, address.host.c_str(), raw.data()) == 1) {
    put(out, v4 | bit, 1);
    out.append(raw.data(), 4);
  } else if (::inet_pton(AF_INET6, address.host.c_str(), raw.data()) == 1) {
    put(out, v6 | bit, 1);
    out.append(raw.data(), 16);
  } else {
    const std::string_view host = std::string_view(address.host).substr(0, host_bytes_max);
    put(out, name | bit, 1);
    put(out, host.size(), 1);
    out += host;
  }
  put(out, address.port, 2);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > left_.size()) {
      good_ = false;
      left_ = {};
      return {};
    }
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const char c : take(bytes)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  template <class Array>
  void fill(Array& array) {
    const auto bytes = take(array.size());
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(array.data()));
  }

  bool good() const { return good_; }
  bool end() const { return good_ && left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

Result<Address> read_place(Reader& reader, std::uint8_t kind) {
  const Error fault{Status::invalid, "the invitation does not hold together", "code"};
  std::string host;
  if (kind == v4 || kind == v6) {
    const auto raw = reader.take(kind == v4 ? 4 : 16);
    if (!reader.good()) return fault;
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(kind == v4 ? AF_INET : AF_INET6, raw.data(), text.data(), text.size());
    host = text.data();
  } else if (kind == name) {
    host = reader.take(static_cast<std::size_t>(reader.number(1)));
  } else {
    return fault;
  }
  Address address{std::move(host), static_cast<std::uint16_t>(reader.number(2))};
  if (!reader.good()) return fault;
  const auto again = parse_address(to_text(address));  // only what can be an address
  if (!again || *again != address) return fault;
  return address;
}

}  // namespace

InvitationSecret new_secret() {
  InvitationSecret secret{};
  randombytes_buf(secret.data(), secret.size());
  return secret;
}

std::string to_text(const Invitation& invitation) {
  std::string bytes;
  put(bytes, version, 1);
  bytes += storage::view_of(invitation.desk);
  bytes += storage::view_of(invitation.inviter);
  bytes += storage::view_of(invitation.secret);
  put(bytes, invitation.expires_ms / 1000, 5);
  const std::size_t addresses = std::min(invitation.addresses.size(), invitation_places_max);
  const std::size_t relays = std::min(invitation.relays.size(), invitation_places_max - addresses);
  put(bytes, addresses + relays, 1);
  for (std::size_t i = 0; i < addresses; ++i) put_place(bytes, invitation.addresses[i], 0);
  for (std::size_t i = 0; i < relays; ++i) put_place(bytes, invitation.relays[i], relay_bit);
  const auto hash = storage::hash_of(bytes);
  bytes += storage::view_of(hash).substr(0, check_bytes);
  return std::string(invitation_prefix) + to_groups(bytes);
}

Result<Invitation> parse_invitation(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  const std::string_view prefix = text.substr(0, invitation_prefix.size());
  const auto is = [](char a, char b) { return a == b || (a >= 'a' && a <= 'z' && a - 32 == b); };
  const std::string_view family = invitation_prefix.substr(0, 4);
  if (prefix.size() < invitation_prefix.size() ||
      !std::equal(family.begin(), family.end(), prefix.begin(),
                  [&](char a, char b) { return is(b, a); })) {
    return Error{Status::invalid, "an invitation begins with " + std::string(invitation_prefix),
                 "code"};
  }
  if (prefix[4] != invitation_prefix[4]) {
    return Error{Status::invalid, "this invitation is of a newer Deskmate", "version"};
  }
  auto bytes = from_groups(text.substr(invitation_prefix.size()));
  if (!bytes) return bytes.error();
  const Error fault{Status::invalid, "the invitation does not hold together", "code"};
  if (bytes->size() < check_bytes) return fault;
  const auto body = std::string_view(*bytes).substr(0, bytes->size() - check_bytes);
  const auto hash = storage::hash_of(body);
  if (storage::view_of(hash).substr(0, check_bytes) !=
      std::string_view(*bytes).substr(body.size())) {
    return fault;
  }
  Reader reader(body);
  if (reader.number(1) != version) return fault;
  Invitation invitation;
  reader.fill(invitation.desk);
  reader.fill(invitation.inviter);
  reader.fill(invitation.secret);
  invitation.expires_ms = reader.number(5) * 1000;
  const auto places = reader.number(1);
  if (!reader.good() || places > invitation_places_max) return fault;
  for (std::uint64_t i = 0; i < places; ++i) {
    const auto kind = static_cast<std::uint8_t>(reader.number(1));
    auto place = read_place(reader, kind & 0x7fu);
    if (!place) return place.error();
    ((kind & relay_bit) != 0 ? invitation.relays : invitation.addresses)
        .push_back(std::move(*place));
  }
  if (!reader.end()) return fault;
  return invitation;
}

std::string qr_code(std::string_view text) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString(std::string(text).c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1), QRcode_free);
  if (!code) return {};
  const int width = code->width;
  const auto light = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= width || y >= width) return true;
    return (code->data[y * width + x] & 1u) == 0;
  };
  std::string out;
  for (int y = -quiet_modules; y < width + quiet_modules; y += 2) {
    for (int x = -quiet_modules; x < width + quiet_modules; ++x) {
      const bool upper = light(x, y);
      const bool lower = y + 1 < width + quiet_modules && light(x, y + 1);
      out += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    }
    out += '\n';
  }
  return out;
}

}  // namespace deskmate::peer
