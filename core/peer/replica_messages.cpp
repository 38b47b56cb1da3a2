#include "core/peer/replica_messages.hpp"

#include <algorithm>
#include <deskmate/value.hpp>
#include <stdexcept>

#include "zstd.h"

namespace deskmate::peer::message {
namespace {

// A stretch has as many items as its writer signs at once; the limit only bounds memory.
constexpr std::size_t stretch_items_max = 65'536;
constexpr std::size_t depth_max = 6;

template <std::size_t size>
std::string_view view_of(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

class Packer {
 public:
  Packer(std::string_view kind, std::size_t fields) : writer_(out_) {
    writer_.map(fields + 1).key("k").text(kind);
  }
  Packer& number(std::string_view key, std::uint64_t value) {
    writer_.key(key).unsigned_integer(value);
    return *this;
  }
  Packer& bin(std::string_view key, std::string_view value) {
    writer_.key(key).bin(value);
    return *this;
  }
  Packer& log(std::string_view key, const LogRef& log) {
    writer_.key(key).array(2).bin(view_of(log.peer)).unsigned_integer(log.incarnation);
    return *this;
  }
  Packer& frontier(const std::vector<Reached>& frontier) {
    writer_.key("frontier").array(frontier.size());
    for (const Reached& one : frontier) {
      writer_.array(3).bin(view_of(one.log.peer));
      writer_.unsigned_integer(one.log.incarnation).unsigned_integer(one.seq);
    }
    return *this;
  }
  Packer& texts(std::string_view key, const std::vector<std::string>& texts) {
    writer_.key(key).array(texts.size());
    for (const std::string& text : texts) writer_.text(text);
    return *this;
  }
  Packer& numbers(std::string_view key, const std::vector<std::uint64_t>& numbers) {
    writer_.key(key).array(numbers.size());
    for (const std::uint64_t number : numbers) writer_.unsigned_integer(number);
    return *this;
  }
  Packer& keys(const std::vector<storage::CarriedKey>& keys) {
    writer_.key("keys").array(keys.size());
    for (const storage::CarriedKey& key : keys) {
      writer_.array(3).bin(view_of(key.key_id)).bin(view_of(key.buyer)).bin(view_of(key.key));
    }
    return *this;
  }
  std::string done() { return std::move(out_); }

 private:
  std::string out_;
  Writer writer_;
};

struct Encode {
  std::string operator()(const Hello& m) const {
    return Packer("hello", 8)
        .number("v", m.version)
        .bin("desk", view_of(m.desk))
        .bin("peer", view_of(m.peer))
        .number("incarnation", m.incarnation)
        .number("seq", m.seq)
        .number("now", m.utc_ms)
        .frontier(m.frontier)
        .texts("features", m.features)
        .done();
  }
  std::string operator()(const Have& m) const {
    return Packer("have", 3)
        .number("incarnation", m.incarnation)
        .number("seq", m.seq)
        .frontier(m.frontier)
        .done();
  }
  std::string operator()(const Want& m) const {
    return Packer("want", 3)
        .number("n", m.number)
        .log("log", m.log)
        .number("after", m.after)
        .done();
  }
  std::string operator()(const Stop& m) const {
    return Packer("stop", 1).number("n", m.number).done();
  }
  std::string operator()(const Run& m) const {
    Packer packer("run", 4u + (m.size == 0 ? 0u : 1u) + (m.keys.empty() ? 0u : 1u));
    packer.number("n", m.number).number("offset", m.offset).number("total", m.total);
    if (m.size != 0) packer.number("size", m.size);
    packer.bin("bytes", m.bytes);
    if (!m.keys.empty()) packer.keys(m.keys);
    return packer.done();
  }
  std::string operator()(const Beat& m) const {
    return Packer("beat", 6)
        .number("sent", m.sent_ms)
        .number("now", m.utc_ms)
        .number("echo", m.echo_ms)
        .number("held", m.held_ms)
        .bin("state", view_of(m.state))
        .bin("at", view_of(m.at))
        .done();
  }
  std::string operator()(const BodyWant& m) const {
    return Packer("body_want", 3)
        .number("n", m.number)
        .log("log", m.log)
        .numbers("seqs", m.seqs)
        .done();
  }
  std::string operator()(const FileWant& m) const {
    return Packer("file_want", 2).bin("hash", view_of(m.hash)).number("offset", m.offset).done();
  }
  std::string operator()(const FileData& m) const {
    return Packer("file_piece", 4)
        .bin("hash", view_of(m.hash))
        .number("offset", m.offset)
        .number("total", m.total)
        .bin("bytes", m.bytes)
        .done();
  }
  std::string operator()(const Forked& m) const {
    return Packer("forked", 2).log("log", m.log).number("seq", m.seq).done();
  }
  std::string operator()(const Unknown&) const {
    throw std::logic_error("a message that is not known cannot be sent");
  }
};

// Reads fields; ok() turns false once one is missing or of another type or size.
class Unpacker {
 public:
  explicit Unpacker(View root) : root_(root) {}

  Unpacker& number(std::string_view key, std::uint64_t& out) {
    take(root_[key], out);
    return *this;
  }
  Unpacker& number_if_any(std::string_view key, std::uint64_t& out) {
    if (!root_[key].is_nil()) take(root_[key], out);
    return *this;
  }
  Unpacker& numbers(std::string_view key, std::vector<std::uint64_t>& out, std::size_t most) {
    const View view = root_[key];
    check(view.is_array() && view.size() > 0 && view.size() <= most);
    if (!ok_) return *this;
    for (const View item : view) take(item, out.emplace_back());
    return *this;
  }
  template <std::size_t size>
  Unpacker& bin(std::string_view key, std::array<std::uint8_t, size>& out) {
    take(root_[key], out);
    return *this;
  }
  Unpacker& bytes(std::string_view key, std::string& out, std::size_t size_max) {
    const View view = root_[key];
    check(view.is_bin() && view.as_bin().size() <= size_max);
    if (ok_) out = view.as_bin();
    return *this;
  }
  Unpacker& log(std::string_view key, LogRef& out) {
    const View view = root_[key];
    check(view.is_array() && view.size() == 2);
    if (!ok_) return *this;
    take(view[0], out.peer);
    take(view[1], out.incarnation);
    return *this;
  }
  Unpacker& frontier(std::vector<Reached>& out) {
    const View view = root_["frontier"];
    check(view.is_array() && view.size() <= logs_max);
    if (!ok_) return *this;
    for (const View item : view) {
      check(item.is_array() && item.size() >= 3);
      if (!ok_) return *this;
      Reached& one = out.emplace_back();
      take(item[0], one.log.peer);
      take(item[1], one.log.incarnation);
      take(item[2], one.seq);
    }
    return *this;
  }
  Unpacker& texts(std::string_view key, std::vector<std::string>& out) {
    const View view = root_[key];
    check(view.is_array() && view.size() <= features_max);
    if (!ok_) return *this;
    for (const View item : view) {
      check(item.is_str() && item.as_str().size() <= feature_size_max);
      if (ok_) out.emplace_back(item.as_str());
    }
    return *this;
  }
  Unpacker& keys(std::vector<storage::CarriedKey>& out) {
    const View view = root_["keys"];
    if (view.is_nil()) return *this;
    check(view.is_array() && view.size() <= keys_max);
    if (!ok_) return *this;
    for (const View item : view) {
      check(item.is_array() && item.size() >= 3);
      if (!ok_) return *this;
      storage::CarriedKey& key = out.emplace_back();
      take(item[0], key.key_id);
      take(item[1], key.buyer);
      take(item[2], key.key);
    }
    return *this;
  }
  bool ok() const { return ok_; }

 private:
  void check(bool good) { ok_ = ok_ && good; }
  void take(View view, std::uint64_t& out) {
    check(view.is_uint());
    if (ok_) out = view.as_uint();
  }
  template <std::size_t size>
  void take(View view, std::array<std::uint8_t, size>& out) {
    check(view.is_bin() && view.as_bin().size() == size);
    if (ok_) view.as_bin().copy(reinterpret_cast<char*>(out.data()), size);
  }

  View root_;
  bool ok_ = true;
};

}  // namespace

std::string encode(const Message& message) { return std::visit(Encode{}, message); }

std::optional<Message> decode(std::string_view bytes) {
  Document document;
  if (!document.parse(bytes, {depth_max, stretch_items_max, message_bytes_max}))
    return std::nullopt;
  const View root = document.root();
  const View kind_view = root["k"];
  if (!kind_view.is_str() || kind_view.as_str().size() > feature_size_max) return std::nullopt;
  const std::string_view kind = kind_view.as_str();
  Unpacker in(root);
  const auto made = [&in](auto message) -> std::optional<Message> {
    if (!in.ok()) return std::nullopt;
    return message;
  };
  if (kind == "hello") {
    Hello m;
    std::uint64_t version = 0;
    in.number("v", version).bin("desk", m.desk).bin("peer", m.peer);
    in.number("incarnation", m.incarnation).number("seq", m.seq).number("now", m.utc_ms);
    in.frontier(m.frontier).texts("features", m.features);
    m.version = static_cast<std::uint32_t>(std::min<std::uint64_t>(version, UINT32_MAX));
    return made(std::move(m));
  }
  if (kind == "have") {
    Have m;
    in.number("incarnation", m.incarnation).number("seq", m.seq).frontier(m.frontier);
    return made(std::move(m));
  }
  if (kind == "want") {
    Want m;
    in.number("n", m.number).log("log", m.log).number("after", m.after);
    return made(m);
  }
  if (kind == "stop") {
    Stop m;
    in.number("n", m.number);
    return made(m);
  }
  if (kind == "run") {
    Run m;
    in.number("n", m.number).number("offset", m.offset).number("total", m.total);
    in.number_if_any("size", m.size).bytes("bytes", m.bytes, piece_bytes_max).keys(m.keys);
    return made(std::move(m));
  }
  if (kind == "beat") {
    Beat m;
    in.number("sent", m.sent_ms).number("now", m.utc_ms).number("echo", m.echo_ms);
    in.number("held", m.held_ms).bin("state", m.state).bin("at", m.at);
    return made(m);
  }
  if (kind == "body_want") {
    BodyWant m;
    in.number("n", m.number).log("log", m.log).numbers("seqs", m.seqs, bodies_asked_max);
    return made(std::move(m));
  }
  if (kind == "file_want") {
    FileWant m;
    in.bin("hash", m.hash).number("offset", m.offset);
    return made(m);
  }
  if (kind == "file_piece") {
    FileData m;
    in.bin("hash", m.hash).number("offset", m.offset).number("total", m.total);
    in.bytes("bytes", m.bytes, file_piece_bytes_max);
    return made(std::move(m));
  }
  if (kind == "forked") {
    Forked m;
    in.log("log", m.log).number("seq", m.seq);
    return made(m);
  }
  return Unknown{std::string(kind)};
}

std::string encode(const Stretch& stretch) {
  std::string out;
  std::size_t size = 128;
  for (const auto& item : stretch.items) size += item.record.size() + item.body.size() + 12;
  out.reserve(size);
  Writer writer(out);
  writer.array(4).unsigned_integer(stretch.first).bin(view_of(stretch.chain));
  writer.bin(view_of(stretch.signature)).array(stretch.items.size());
  for (const auto& item : stretch.items) writer.array(2).bin(item.record).bin(item.body);
  return out;
}

std::optional<Stretch> decode_stretch(const LogName& log, std::string_view bytes) {
  Document document;
  if (!document.parse(bytes, {depth_max, stretch_items_max, stretch_bytes_max}))
    return std::nullopt;
  const View root = document.root();
  Stretch stretch;
  stretch.log = log;
  const View items = root[3];
  const bool fits = root.is_array() && root.size() >= 4 && root[0].is_uint() &&
                    root[1].as_bin().size() == stretch.chain.size() &&
                    root[2].as_bin().size() == stretch.signature.size() && items.is_array() &&
                    items.size() > 0;
  if (!fits) return std::nullopt;
  stretch.first = root[0].as_uint();
  if (stretch.first == 0 || stretch.first > UINT64_MAX - items.size()) return std::nullopt;
  root[1].as_bin().copy(reinterpret_cast<char*>(stretch.chain.data()), stretch.chain.size());
  root[2].as_bin().copy(reinterpret_cast<char*>(stretch.signature.data()),
                        stretch.signature.size());
  stretch.items.reserve(items.size());
  for (const View item : items) {
    if (!item.is_array() || item.size() < 2 || !item[0].is_bin() || !item[1].is_bin()) {
      return std::nullopt;
    }
    stretch.items.push_back({std::string(item[0].as_bin()), std::string(item[1].as_bin())});
  }
  return stretch;
}

std::string encode(const std::vector<storage::BodyRead>& bodies) {
  std::string out;
  std::size_t size = 8;
  for (const auto& one : bodies) size += one.body.size() + 8;
  out.reserve(size);
  Writer writer(out);
  writer.array(bodies.size());
  for (const auto& one : bodies) {
    if (one.body.empty()) {
      writer.nil();
    } else {
      writer.bin(one.body);
    }
  }
  return out;
}

std::optional<std::vector<std::string>> decode_bodies(std::string_view bytes) {
  Document document;
  if (!document.parse(bytes, {depth_max, bodies_asked_max, body_answer_max})) return std::nullopt;
  const View root = document.root();
  if (!root.is_array()) return std::nullopt;
  std::vector<std::string> bodies;
  for (const View item : root) {
    if (!item.is_nil() && (!item.is_bin() || item.as_bin().empty())) return std::nullopt;
    bodies.emplace_back(item.is_nil() ? std::string_view() : item.as_bin());
  }
  return bodies;
}

std::string pack(std::string_view bytes) {
  constexpr int fast = 1;  // the link is to be the slower of the two
  std::string out(bytes.size() - bytes.size() / 8, '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), fast);
  out.resize(ZSTD_isError(size) == 0 ? size : 0);  // an error: it did not fit
  return out;
}

std::optional<std::string> unpack(std::string_view bytes, std::size_t size) {
  std::string out(size, '\0');
  const std::size_t made = ZSTD_decompress(out.data(), size, bytes.data(), bytes.size());
  if (ZSTD_isError(made) != 0 || made != size) return std::nullopt;
  return out;
}

}  // namespace deskmate::peer::message
