// Bytes to nodes, to values and back. The only file that knows msgpack's library.
#include <bit>
#include <concepts>
#include <msgpack.hpp>

#include "deskmate/value.hpp"

namespace deskmate {

namespace detail {

enum class Kind : std::uint8_t {
  nil,
  boolean,
  integer,
  unsigned_integer,
  number,
  text,
  bin,
  array,
  map
};

// A value; its elements (of a map: key, value, key, value) follow it directly.
struct Node {
  Kind kind = Kind::nil;
  char first = '\0';        // of bytes, so that most keys need not be looked at
  std::uint32_t count = 0;  // elements, members, bytes
  std::uint32_t span = 1;   // nodes with everything inside, itself too
  union {
    bool boolean;
    std::int64_t integer;
    std::uint64_t unsigned_integer;
    double number;
    const char* bytes = nullptr;
  };
};

}  // namespace detail

namespace {

using detail::Kind;
using detail::Node;

const Node nil_node{};

// Bytes to nodes. By hand, since every event, frame and record is read here, and each parse of
// msgpack's library takes memory of its own.
class NodeReader {
 public:
  NodeReader(std::vector<Node>& nodes, std::string_view bytes, const Limits& limits)
      : nodes_(nodes), at_(bytes.data()), end_(bytes.data() + bytes.size()), limits_(limits) {}

  // One value; false: error() says why.
  bool value() {
    if (at_ == end_) return cut_short();
    const auto first = static_cast<std::uint8_t>(*at_++);
    if (first <= 0x7f) return integer(first);
    if (first <= 0x8f) return map(first & 0x0fU);
    if (first <= 0x9f) return array(first & 0x0fU);
    if (first <= 0xbf) return text(first & 0x1fU);
    if (first >= 0xe0) return integer(static_cast<std::int8_t>(first));
    switch (first) {
      case 0xc0:
        add(Kind::nil);
        return true;
      case 0xc2:
      case 0xc3:
        add(Kind::boolean).boolean = first == 0xc3;
        return true;
      case 0xc4:
        return sized<std::uint8_t>([this](std::uint32_t size) { return bin(size); });
      case 0xc5:
        return sized<std::uint16_t>([this](std::uint32_t size) { return bin(size); });
      case 0xc6:
        return sized<std::uint32_t>([this](std::uint32_t size) { return bin(size); });
      case 0xca:
        return number<std::uint32_t, float>();
      case 0xcb:
        return number<std::uint64_t, double>();
      case 0xcc:
        return whole<std::uint8_t>();
      case 0xcd:
        return whole<std::uint16_t>();
      case 0xce:
        return whole<std::uint32_t>();
      case 0xcf:
        return whole<std::uint64_t>();
      case 0xd0:
        return whole<std::int8_t>();
      case 0xd1:
        return whole<std::int16_t>();
      case 0xd2:
        return whole<std::int32_t>();
      case 0xd3:
        return whole<std::int64_t>();
      case 0xd9:
      case 0xda:
      case 0xdb:
        return long_text(first);
      case 0xdc:
        return sized<std::uint16_t>([this](std::uint32_t count) { return array(count); });
      case 0xdd:
        return sized<std::uint32_t>([this](std::uint32_t count) { return array(count); });
      case 0xde:
        return sized<std::uint16_t>([this](std::uint32_t count) { return map(count); });
      case 0xdf:
        return sized<std::uint32_t>([this](std::uint32_t count) { return map(count); });
      case 0xc1:
        return fail(Status::invalid, "not msgpack");
      default:
        return fail(Status::invalid, "extension types are not used");
    }
  }

  bool at_end() const { return at_ == end_; }
  const Error& error() const { return error_; }

 private:
  Node& add(Kind kind) {
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    return node;
  }

  // A number in big-endian bytes.
  template <std::integral T>
  bool take(T& out) {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) return cut_short();
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bits = bits << 8 | static_cast<std::uint8_t>(*at_++);
    out = static_cast<T>(bits);
    return true;
  }
  template <std::unsigned_integral T, class Then>
  bool sized(Then then) {
    T size = 0;
    return take(size) && then(std::uint32_t{size});
  }

  bool integer(std::int64_t value) {
    add(Kind::integer).integer = value;
    return true;
  }
  template <std::integral T>
  bool whole() {
    T value = 0;
    if (!take(value)) return false;
    if constexpr (std::same_as<T, std::uint64_t>) {
      if (value > std::uint64_t{INT64_MAX}) {
        add(Kind::unsigned_integer).unsigned_integer = value;
        return true;
      }
    }
    return integer(static_cast<std::int64_t>(value));
  }
  template <std::unsigned_integral Bits, std::floating_point T>
  bool number() {
    Bits bits = 0;
    if (!take(bits)) return false;
    add(Kind::number).number = static_cast<double>(std::bit_cast<T>(bits));
    return true;
  }

  bool piece(Kind kind, std::uint32_t size) {
    if (static_cast<std::size_t>(end_ - at_) < size) return cut_short();
    Node& node = add(kind);
    node.bytes = at_;
    node.count = size;
    if (size > 0) node.first = *at_;
    at_ += size;
    return true;
  }
  bool bin(std::uint32_t size) { return piece(Kind::bin, size); }
  bool text(std::uint32_t size) {
    if (!piece(Kind::text, size)) return false;
    return is_utf8({at_ - size, size}) || fail(Status::invalid, "text is not UTF-8");
  }
  bool long_text(std::uint8_t first) {
    const auto then = [this](std::uint32_t size) { return text(size); };
    if (first == 0xd9) return sized<std::uint8_t>(then);
    return first == 0xda ? sized<std::uint16_t>(then) : sized<std::uint32_t>(then);
  }

  bool key() {
    if (at_ == end_) return cut_short();
    const auto first = static_cast<std::uint8_t>(*at_++);
    if ((first & 0xe0U) == 0xa0) return text(first & 0x1fU);
    if (first >= 0xd9 && first <= 0xdb) return long_text(first);
    return fail(Status::invalid, "a map's key is not text");
  }

  bool array(std::uint32_t count) {
    return collection(Kind::array, count, [this] { return value(); });
  }
  bool map(std::uint32_t count) {
    return collection(Kind::map, count, [this] { return key() && value(); });
  }
  template <class Element>
  bool collection(Kind kind, std::uint32_t count, Element element) {
    if (depth_ >= limits_.depth_max) return fail(Status::limit, "nested too deeply");
    if (count > limits_.items_max) return fail(Status::limit, "a collection is too long");
    const std::size_t place = nodes_.size();
    add(kind).count = count;
    ++depth_;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!element()) return false;
    }
    --depth_;
    nodes_[place].span = static_cast<std::uint32_t>(nodes_.size() - place);
    return true;
  }

  bool cut_short() { return fail(Status::invalid, "cut short"); }
  bool fail(Status code, const char* message) {
    error_ = Error{code, message, {}};
    return false;
  }

  std::vector<Node>& nodes_;
  const char* at_;
  const char* const end_;
  const Limits& limits_;
  std::size_t depth_ = 0;
  Error error_;
};

std::string_view bytes_of(const Node& node) { return {node.bytes, node.count}; }

// msgpack's packer writes to anything with write(); this one appends.
struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

msgpack::packer<Appender> packer(Appender& appender) { return msgpack::packer<Appender>(appender); }

}  // namespace

Document::Document() = default;
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<void> Document::parse(std::string_view bytes, const Limits& limits) {
  nodes_.clear();
  const auto refuse = [this](Error error) -> Result<void> {
    nodes_.clear();
    return error;
  };
  if (bytes.size() > limits.bytes_max) return refuse({Status::limit, "too many bytes", {}});
  NodeReader reader(nodes_, bytes, limits);
  if (!reader.value()) return refuse(reader.error());
  if (!reader.at_end()) return refuse({Status::invalid, "bytes follow the value", {}});
  return {};
}

View Document::root() const { return nodes_.empty() ? View() : View(nodes_.data()); }

View::View() : node_(&nil_node) {}

bool View::is_nil() const { return node_->kind == Kind::nil; }
bool View::is_bool() const { return node_->kind == Kind::boolean; }
bool View::is_int() const { return node_->kind == Kind::integer; }
bool View::is_uint() const {
  return node_->kind == Kind::unsigned_integer ||
         (node_->kind == Kind::integer && node_->integer >= 0);
}
bool View::is_double() const { return node_->kind == Kind::number; }
bool View::is_str() const { return node_->kind == Kind::text; }
bool View::is_bin() const { return node_->kind == Kind::bin; }
bool View::is_array() const { return node_->kind == Kind::array; }
bool View::is_map() const { return node_->kind == Kind::map; }

bool View::as_bool(bool otherwise) const { return is_bool() ? node_->boolean : otherwise; }

std::int64_t View::as_int(std::int64_t otherwise) const {
  return is_int() ? node_->integer : otherwise;
}

std::uint64_t View::as_uint(std::uint64_t otherwise) const {
  if (node_->kind == Kind::unsigned_integer) return node_->unsigned_integer;
  return is_uint() ? static_cast<std::uint64_t>(node_->integer) : otherwise;
}

double View::as_double(double otherwise) const {
  if (is_double()) return node_->number;
  if (is_int()) return static_cast<double>(node_->integer);
  return is_uint() ? static_cast<double>(node_->unsigned_integer) : otherwise;
}

std::string_view View::as_str(std::string_view otherwise) const {
  return is_str() ? bytes_of(*node_) : otherwise;
}

std::string_view View::as_bin(std::string_view otherwise) const {
  return is_bin() ? bytes_of(*node_) : otherwise;
}

std::size_t View::size() const { return is_array() || is_map() ? node_->count : 0; }

View View::operator[](std::string_view key) const {
  if (node_->kind != Kind::map) return {};
  const char first = key.empty() ? '\0' : key.front();
  const Node* const end = node_ + node_->span;
  for (const Node* name = node_ + 1; name != end; name += 1 + (name + 1)->span) {
    if (name->first == first && bytes_of(*name) == key) return View(name + 1);
  }
  return View(&nil_node);
}

View View::at(std::size_t index) const {
  if (!is_array() || index >= node_->count) return {};
  Iterator found = begin();
  for (; index > 0; --index) ++found;
  return *found;
}

bool View::contains(std::string_view key) const {
  for (auto [name, item] : members()) {
    if (name == key) return true;
  }
  return false;
}

View::Iterator View::begin() const {
  return Iterator(is_array() ? node_ + 1 : node_ + node_->span);
}
View::Iterator View::end() const { return Iterator(node_ + node_->span); }

View::Iterator& View::Iterator::operator++() {
  at_ += at_->span;
  return *this;
}

View::Members View::members() const {
  return {is_map() ? node_ + 1 : node_ + node_->span, node_ + node_->span};
}

std::pair<std::string_view, View> View::Members::Iterator::operator*() const {
  return {bytes_of(*at_), View(at_ + 1)};
}

View::Members::Iterator& View::Members::Iterator::operator++() {
  at_ += 1 + (at_ + 1)->span;
  return *this;
}

Value View::to_value() const {
  switch (node_->kind) {
    case Kind::nil:
      return {};
    case Kind::boolean:
      return node_->boolean;
    case Kind::integer:
      return node_->integer;
    case Kind::unsigned_integer:
      return node_->unsigned_integer;
    case Kind::number:
      return node_->number;
    case Kind::text:
      return bytes_of(*node_);
    case Kind::bin:
      return Value::bin(bytes_of(*node_));
    case Kind::array: {
      Array items;
      items.reserve(size());
      for (View item : *this) items.push_back(item.to_value());
      return items;
    }
    case Kind::map: {
      Map map;
      for (auto [name, item] : members()) map.add(std::string(name), item.to_value());
      return map;
    }
  }
  return {};
}

Result<Value> decode(std::string_view bytes, const Limits& limits) {
  Document document;
  if (auto parsed = document.parse(bytes, limits); !parsed) return parsed.error();
  return document.root().to_value();
}

std::string encode(const Value& value) {
  std::string out;
  Writer(out).value(value);
  return out;
}

std::string encode(const View& view) {
  std::string out;
  Writer(out).value(view);
  return out;
}

Writer& Writer::nil() {
  Appender appender{out_};
  packer(appender).pack_nil();
  return *this;
}

Writer& Writer::boolean(bool value) {
  Appender appender{out_};
  value ? packer(appender).pack_true() : packer(appender).pack_false();
  return *this;
}

Writer& Writer::integer(std::int64_t value) {
  Appender appender{out_};
  packer(appender).pack_int64(value);
  return *this;
}

Writer& Writer::unsigned_integer(std::uint64_t value) {
  Appender appender{out_};
  packer(appender).pack_uint64(value);
  return *this;
}

Writer& Writer::number(double value) {
  Appender appender{out_};
  packer(appender).pack_double(value);
  return *this;
}

Writer& Writer::text(std::string_view value) {
  Appender appender{out_};
  const auto size = static_cast<std::uint32_t>(value.size());
  packer(appender).pack_str(size).pack_str_body(value.data(), size);
  return *this;
}

Writer& Writer::bin(std::string_view value) {
  Appender appender{out_};
  const auto size = static_cast<std::uint32_t>(value.size());
  packer(appender).pack_bin(size).pack_bin_body(value.data(), size);
  return *this;
}

Writer& Writer::array(std::size_t count) {
  Appender appender{out_};
  packer(appender).pack_array(static_cast<std::uint32_t>(count));
  return *this;
}

Writer& Writer::map(std::size_t count) {
  Appender appender{out_};
  packer(appender).pack_map(static_cast<std::uint32_t>(count));
  return *this;
}

namespace {

struct WriteValue {
  Writer& out;
  void operator()(std::monostate) const { out.nil(); }
  void operator()(bool value) const { out.boolean(value); }
  void operator()(std::int64_t value) const { out.integer(value); }
  void operator()(std::uint64_t value) const { out.unsigned_integer(value); }
  void operator()(double value) const { out.number(value); }
  void operator()(const std::string& value) const { out.text(value); }
  void operator()(const Bytes& value) const { out.bin(value.data); }
  void operator()(const Array& items) const {
    out.array(items.size());
    for (const Value& item : items) out.value(item);
  }
  void operator()(const Map& map) const {
    out.map(map.size());
    for (const auto& [name, item] : map) out.key(name).value(item);
  }
};

}  // namespace

Writer& Writer::value(const Value& value) {
  std::visit(WriteValue{*this}, value.data_);
  return *this;
}

Writer& Writer::value(const View& view) {
  switch (view.node_->kind) {
    case Kind::nil:
      return nil();
    case Kind::boolean:
      return boolean(view.node_->boolean);
    case Kind::integer:
      return integer(view.node_->integer);
    case Kind::unsigned_integer:
      return unsigned_integer(view.node_->unsigned_integer);
    case Kind::number:
      return number(view.node_->number);
    case Kind::text:
      return text(bytes_of(*view.node_));
    case Kind::bin:
      return bin(bytes_of(*view.node_));
    case Kind::array:
      array(view.size());
      for (View item : view) value(item);
      return *this;
    case Kind::map:
      map(view.size());
      for (auto [name, item] : view.members()) key(name).value(item);
      return *this;
  }
  return *this;
}

}  // namespace deskmate
