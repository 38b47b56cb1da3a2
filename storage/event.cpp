#include "storage/event.hpp"

#include <algorithm>
#include <string>

#include "storage/bytes.hpp"
#include "storage/event_bytes.hpp"
#include "storage/hash.hpp"

namespace deskmate::storage {
namespace {

constexpr std::string_view chain_context = "deskmate.log/1";

Error bad(const char* why) { return {Errc::invalid, std::string("event header: ") + why}; }

}  // namespace

std::array<std::uint8_t, log_key_size> encode(const LogKey& key) {
  std::array<std::uint8_t, log_key_size> bytes{};
  auto* out = std::copy(key.log.desk.begin(), key.log.desk.end(), bytes.begin());
  out = std::copy(key.log.peer.begin(), key.log.peer.end(), out);
  put_number(reinterpret_cast<char*>(out), key.log.incarnation);
  put_number(reinterpret_cast<char*>(out + 8), key.seq);
  return bytes;
}

Result<LogKey> decode_log_key(std::string_view bytes) {
  if (bytes.size() != log_key_size) {
    return Error{Errc::invalid, "log key: 64 bytes expected, got " + std::to_string(bytes.size())};
  }
  ByteReader in(bytes);
  LogKey key;
  key.log.desk = in.array<16>();
  key.log.peer = in.array<32>();
  key.log.incarnation = in.number<std::uint64_t>();
  key.seq = in.number<std::uint64_t>();
  return key;
}

Id16 event_id(const LogKey& key) {
  auto bytes = encode(key);
  return array_of<16>(view_of(hash_of(view_of(bytes))));
}

Result<void> check_header(const HeaderView& header) {
  if (header.version != 1) {
    return Error{Errc::newer, "event header: version " + std::to_string(header.version) +
                                  " needs a newer Deskmate"};
  }
  if ((header.flags & ~known_flags) != 0) {
    return Error{Errc::newer,
                 "event header: flags " + std::to_string(header.flags) + " need a newer Deskmate"};
  }
  bool has_body = (header.flags & flag_body) != 0;
  bool sealed = (header.flags & flag_sealed) != 0;
  bool request = (header.flags & flag_request) != 0;
  if (header.type.empty() || header.type.size() > type_max) return bad("type of 1 to 64 bytes");
  if (header.facts.size() > facts_max) return bad("more than 64 KiB of facts");
  if (sealed && !has_body) return bad("sealed, and no body");
  if (sealed == (header.seal_alg == seal_none)) return bad("seal_alg and the sealed flag disagree");
  if (header.home.has_value() != request) return bad("home goes with a request");
  if (header.key_id.has_value() != sealed) return bad("key_id goes with a sealed body");
  if (header.body_hash.has_value() != has_body) return bad("body_hash goes with a body");
  return {};
}

void append_header(std::string& out, const HeaderView& header) {
  append_number(out, header.version);
  append_number(out, header.flags);
  append_number(out, header.hash_alg);
  append_number(out, header.seal_alg);
  append_number(out, header.schema);
  append_number(out, header.stamp);
  append_number(out, static_cast<std::uint8_t>(header.type.size()));
  out.append(header.type);
  if (header.home) out.append(view_of(*header.home));
  if (header.key_id) out.append(view_of(*header.key_id));
  if (header.body_hash) out.append(view_of(*header.body_hash));
  append_number(out, static_cast<std::uint32_t>(header.facts.size()));
  out.append(header.facts);
}

std::string encode(const HeaderView& header) {
  std::string out;
  append_header(out, header);
  return out;
}

Result<HeaderView> decode_header(std::string_view record) {
  ByteReader in(record);
  HeaderView header;
  header.version = in.number<std::uint8_t>();
  header.flags = in.number<std::uint8_t>();
  header.hash_alg = in.number<std::uint8_t>();
  header.seal_alg = in.number<std::uint8_t>();
  header.schema = in.number<std::uint16_t>();
  header.stamp = in.number<std::uint64_t>();
  header.type = in.take(in.number<std::uint8_t>());
  // What a newer version or flag adds may stand anywhere after this.
  if (in.ok() && header.version == 1 && (header.flags & ~known_flags) == 0) {
    if ((header.flags & flag_request) != 0) header.home = in.array<32>();
    if ((header.flags & flag_sealed) != 0) header.key_id = in.array<16>();
    if ((header.flags & flag_body) != 0) header.body_hash = in.array<32>();
    header.facts = in.take(in.number<std::uint32_t>());
    if (in.ok() && !in.rest().empty()) return bad("bytes left over");
  }
  if (!in.ok()) return bad("too short");
  auto checked = check_header(header);
  if (!checked) return checked.error();
  return header;
}

Hash32 chain_start(const LogName& log) {
  auto key = encode(LogKey{log, 0});
  return Hasher().add(chain_context).add(view_of(key)).done();
}

Hash32 chain_next(const Hash32& previous, std::string_view record) {
  return Hasher().add(view_of(previous)).add(record).done();
}

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

}  // namespace deskmate::storage
