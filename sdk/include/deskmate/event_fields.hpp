// How the structs of events.hpp become maps and back. A struct lists its fields once:
//
//   template <class Self, class F>
//   static void facts(Self& e, F& f) {
//     f("shop", e.shop);
//     f("at", e.at);
//   }
//
// and body() likewise; parts of an event (a line, a file) list theirs in fields(). What a map holds
// beyond them is kept in other_facts and other_body, so that reading and writing an event of a
// newer version loses nothing. Empty text, ids, lists and maps and unset optionals are not written.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deskmate/event.hpp"
#include "deskmate/result.hpp"
#include "deskmate/value.hpp"

namespace deskmate::events::detail {

struct AnyField {
  template <class T>
  void operator()(const char*, T&) {}
};

template <class T>
concept Part = requires(T part, AnyField f) {
  T::fields(part, f);
};
template <class T>
concept WithBody = requires(T event, AnyField f) {
  T::body(event, f);
};

class Writer {
 public:
  explicit Writer(Map& out) : out_(out) {}

  template <class T>
  void operator()(const char* name, const T& field) {
    if (!missing(field)) out_.add(name, of(field));
  }

 private:
  // Items of lists and pairs are written whatever they are, as each has its place.
  template <class T>
  static bool missing(const T& field) {
    if constexpr (requires { field.has_value(); }) {
      return !field.has_value();
    } else if constexpr (requires { field.is_nil(); }) {
      return field.is_nil();
    } else if constexpr (requires { field.empty(); }) {
      return field.empty();
    } else {
      return false;
    }
  }

  static Value of(bool field) { return field; }
  template <std::integral T>
  static Value of(T field) {
    return field;
  }
  static Value of(const std::string& field) { return field; }
  static Value of(const Bytes& field) { return field; }
  static Value of(const Id& field) { return field.to_value(); }
  static Value of(const Map& field) { return field; }
  static Value of(const Value& field) { return field; }
  template <class A, class B>
  static Value of(const std::pair<A, B>& field) {
    return Value::array({of(field.first), of(field.second)});
  }
  template <class T>
  static Value of(const std::optional<T>& field) {
    return field ? of(*field) : Value();
  }
  template <class T>
  static Value of(const std::vector<T>& field) {
    Array items;
    items.reserve(field.size());
    for (const T& item : field) items.push_back(of(item));
    return items;
  }
  template <Part T>
  static Value of(const T& field) {
    Map map;
    Writer writer(map);
    T::fields(field, writer);
    for (const auto& [name, value] : field.other) map.add(name, value);
    return map;
  }

  Map& out_;
};

// From values. A field of the wrong kind is an error; a missing one leaves the struct's default.
class Reader {
 public:
  explicit Reader(const Map& in) : in_(in) {}

  template <class T>
  void operator()(const char* name, T& field) {
    known_.push_back(name);
    const Value* value = in_.find(name);
    if (!value || value->is_nil()) return;
    if (!to(*value, field) && wrong_.empty()) wrong_ = name;
  }

  // The first field of the wrong kind; empty: none.
  const std::string& wrong() const { return wrong_; }

  // What no field was listed for.
  Map rest() const {
    Map others;
    for (const auto& [name, value] : in_) {
      bool known = false;
      for (const std::string_view each : known_) known = known || each == name;
      if (!known) others.add(name, value);
    }
    return others;
  }

 private:
  static bool to(const Value& value, bool& field) {
    field = value.as_bool();
    return value.is_bool();
  }
  template <std::integral T>
  static bool to(const Value& value, T& field) {
    if constexpr (std::unsigned_integral<T>) {
      return value.is_uint() && narrow(value.as_uint(), field);
    } else {
      return value.is_int() && narrow(value.as_int(), field);
    }
  }
  template <class From, class T>
  static bool narrow(From from, T& field) {
    if (!std::in_range<T>(from)) return false;
    field = static_cast<T>(from);
    return true;
  }
  static bool to(const Value& value, std::string& field) {
    field = value.as_str();
    return value.is_str();
  }
  static bool to(const Value& value, Bytes& field) {
    field = Bytes(value.as_bin());
    return value.is_bin();
  }
  static bool to(const Value& value, Id& field) {
    field = Id::from(value.as_bin());
    return value.as_bin().size() == field.bytes.size();
  }
  static bool to(const Value& value, Map& field) {
    field = value.as_map();
    return value.is_map();
  }
  static bool to(const Value& value, Value& field) {
    field = value;
    return true;
  }
  template <class A, class B>
  static bool to(const Value& value, std::pair<A, B>& field) {
    return value.is_array() && value.size() == 2 && to(value[0], field.first) &&
           to(value[1], field.second);
  }
  template <class T>
  static bool to(const Value& value, std::optional<T>& field) {
    return to(value, field.emplace());
  }
  template <class T>
  static bool to(const Value& value, std::vector<T>& field) {
    field.clear();
    for (const Value& item : value.as_array()) {
      if (!to(item, field.emplace_back())) return false;
    }
    return value.is_array();
  }
  template <Part T>
  static bool to(const Value& value, T& field) {
    Reader reader(value.as_map());
    T::fields(field, reader);
    field.other = reader.rest();
    return value.is_map() && reader.wrong().empty();
  }

  const Map& in_;
  std::vector<std::string_view> known_;
  std::string wrong_;
};

}  // namespace deskmate::events::detail

namespace deskmate::events {

// A struct that lists its fields in fields() and has a Map other, as a map and back; for a plugin's
// own records, too.
template <detail::Part T>
Map to_map(const T& part) {
  Map map;
  detail::Writer writer(map);
  T::fields(part, writer);
  for (const auto& [name, value] : part.other) map.add(name, value);
  return map;
}

template <detail::Part T>
Result<T> from_map(const Map& map) {
  T part;
  detail::Reader reader(map);
  T::fields(part, reader);
  part.other = reader.rest();
  if (reader.wrong().empty()) return part;
  return Error{Status::invalid, "a field of the wrong kind", reader.wrong()};
}

// The facts and, where there is one, the body of an event as maps.
template <class E>
Map facts_of(const E& event) {
  Map map;
  detail::Writer writer(map);
  E::facts(event, writer);
  for (const auto& [name, value] : event.other_facts) map.add(name, value);
  return map;
}

template <class E>
Map body_of(const E& event) {
  Map map;
  if constexpr (detail::WithBody<E>) {
    detail::Writer writer(map);
    E::body(event, writer);
  }
  for (const auto& [name, value] : event.other_body) map.add(name, value);
  return map;
}

// As it is appended. Set refs, desk_refs, contacts and dedupe afterwards.
template <class E>
NewEvent to_event(const E& event) {
  NewEvent made{std::string(event.type_name())};
  made.facts = facts_of(event);
  made.body = body_of(event);
  return made;
}

// From what a reader got. type is needed for families only ("refund.requested").
template <class E>
Result<E> read(const Value& facts, const Value& body = {}, std::string_view type = {}) {
  E event;
  if (!event.set_type(type)) {
    return Error{Status::invalid, "another type of event", std::string(type)};
  }
  detail::Reader facts_reader(facts.as_map());
  E::facts(event, facts_reader);
  event.other_facts = facts_reader.rest();
  detail::Reader body_reader(body.as_map());
  if constexpr (detail::WithBody<E>) E::body(event, body_reader);
  event.other_body = body_reader.rest();
  for (const auto* reader : {&facts_reader, &body_reader}) {
    if (reader->wrong().empty()) continue;
    const char* part = reader == &facts_reader ? "facts." : "body.";
    return Error{Status::invalid, "a field of the wrong kind", part + reader->wrong()};
  }
  return event;
}

template <class E>
Result<E> read(const View& facts, const View& body = {}, std::string_view type = {}) {
  return read<E>(facts.to_value(), body.to_value(), type);
}

// From a delivered event.
template <class E>
Result<E> read(const Event& event) {
  auto facts = decode(event.facts);
  if (!facts) return facts.error();
  Result<Value> body = Value();
  if (!event.body.empty()) body = decode(event.body);
  if (!body) return body.error();
  return read<E>(*facts, *body, event.type);
}

}  // namespace deskmate::events
