#include "core/daemon/intake.hpp"

#include <algorithm>
#include <set>

#include "core/daemon/mentions.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::string_view request_suffix = ".requested";

Error invalid(std::string message, std::string where = {}) {
  return {Status::invalid, std::move(message), std::move(where)};
}

bool is_type(std::string_view type) {
  if (type.empty() || type.size() > storage::type_max) return false;
  const bool known = std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
  return known && type.front() != '.' && type.back() != '.' &&
         type.find('.') != std::string_view::npos;
}

bool is_ref_name(std::string_view name) {
  return !name.empty() && name.size() <= ref_name_max &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

Value to_value(const storage::Id16& id) { return Value::bin(id); }

// Ids in order and each once, so that equal events have equal facts.
Value to_value(const std::set<storage::Id16>& ids) {
  Array array;
  for (const auto& id : ids) array.push_back(to_value(id));
  return array;
}

class Preparation {
 public:
  Preparation(View event, std::string_view instance, const Pseudonyms& pseudonyms)
      : event_(event), instance_(instance), pseudonyms_(pseudonyms) {}

  Result<Prepared> run() {
    for (const auto step :
         {&Preparation::head, &Preparation::shop, &Preparation::refs, &Preparation::contacts,
          &Preparation::mentions, &Preparation::buyer, &Preparation::seal, &Preparation::dedupe}) {
      if (auto done = (this->*step)(); !done) return done.error();
    }
    return std::move(out_);
  }

 private:
  Result<void> head() {
    if (!event_.is_map()) return invalid("an event is a map");
    const auto type = event_["type"].as_str();
    if (!is_type(type)) return invalid("no type of an event", "type");
    const auto schema = event_["schema"];
    if (!schema.is_nil() && (schema.as_int() < 1 || schema.as_int() > 0xffff)) {
      return invalid("schema is a number from 1 to 65535", "schema");
    }
    if (!event_["facts"].is_map()) return invalid("facts is a map", "facts");
    if (!event_["body"].is_nil() && !event_["body"].is_map())
      return invalid("body is a map", "body");
    out_.event.type = type;
    out_.event.schema = static_cast<std::uint16_t>(schema.as_int(1));
    out_.event.request = is_request(type);
    for (const auto [key, value] : event_["facts"].members())
      facts_.add(std::string(key), value.to_value());
    for (const auto [key, value] : event_["body"].members())
      body_.add(std::string(key), value.to_value());
    return {};
  }

  Result<void> shop() {
    Value& shop = facts_["shop"];
    if (shop.is_nil() && !instance_.empty()) shop = Value(instance_);
    if (shop.is_nil()) {
      facts_.erase("shop");
    } else if (!shop.is_str()) {
      return invalid("shop is a text", "facts.shop");
    } else if (!instance_.empty() && shop.as_str() != instance_) {
      return Error{Status::denied, "facts.shop is another instance's", "facts.shop"};
    }
    shop_ = facts_["shop"].as_str();
    if (shop_.empty()) facts_.erase("shop");
    return {};
  }

  Result<void> add_ref(std::string_view name, View id, bool of_desk) {
    const std::string where = (of_desk ? "desk_refs." : "refs.") + std::string(name);
    if (!is_ref_name(name)) return invalid("no name of a ref", where);
    const auto text = id.as_str();
    if (!id.is_str() || text.empty()) return invalid("a ref is a text that is not empty", where);
    if (text.size() > ref_bytes_max) return Error{Status::limit, "too long", where};
    if (facts_.contains(name)) return invalid("stands in facts, too", where);
    if (!of_desk && shop_.empty()) return invalid("refs need facts.shop", "facts.shop");
    const auto pseudonym =
        of_desk ? pseudonyms_.of_desk(name, text) : pseudonyms_.of_shop(name, shop_, text);
    facts_.add(std::string(name), to_value(pseudonym));
    external_.add(std::string(name), Value(text));
    return {};
  }

  Result<void> refs() {
    const View refs = event_["refs"];
    const View desk_refs = event_["desk_refs"];
    if (!refs.is_nil() && !refs.is_map()) return invalid("refs is a map", "refs");
    if (!desk_refs.is_nil() && !desk_refs.is_map())
      return invalid("desk_refs is a map", "desk_refs");
    if (refs.size() + desk_refs.size() > refs_max)
      return Error{Status::limit, "too many refs", "refs"};
    for (const auto [name, id] : refs.members()) {
      if (auto added = add_ref(name, id, false); !added) return added;
    }
    for (const auto [name, id] : desk_refs.members()) {
      if (auto added = add_ref(name, id, true); !added) return added;
    }
    if (!external_.empty()) body_.set("refs", external_);
    return {};
  }

  Result<void> contacts() {
    const View contacts = event_["contacts"];
    if (contacts.is_nil()) return {};
    if (!contacts.is_array()) return invalid("contacts is a list", "contacts");
    if (contacts.size() > contacts_max) return Error{Status::limit, "too many", "contacts"};
    std::set<storage::Id16> ids;
    for (const View contact : contacts) {
      const auto text = contact.as_str();
      if (text.size() > ref_bytes_max) return Error{Status::limit, "too long", "contacts"};
      const auto colon = text.find(':');
      if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
        return invalid("a contact is \"email:…\" or \"phone:…\"", "contacts");
      }
      ids.insert(pseudonyms_.of_contact(text));
    }
    facts_.set("contacts", to_value(ids));
    return {};
  }

  Result<void> mentions() {
    if (out_.event.type != "message.received") return {};
    const std::string text =
        std::string(body_["subject"].as_str()) + "\n" + std::string(body_["text"].as_str());
    std::set<storage::Id16> ids;
    for (const Mention& mention : find_mentions(text)) {
      switch (mention.kind) {
        case Mention::Kind::number:
          ids.insert(pseudonyms_.of_desk("number", mention.text));
          break;
        case Mention::Kind::email:
          ids.insert(pseudonyms_.of_contact("email:" + mention.text));
          break;
        case Mention::Kind::phone:
          ids.insert(pseudonyms_.of_contact("phone:" + mention.text));
          break;
      }
    }
    facts_.set("mentions", to_value(ids));
    return {};
  }

  Result<void> buyer() {
    const View name = event_["buyer"];
    const auto ref = name.as_str("buyer");
    const Value& id = facts_[ref];
    if (id.is_bin() && id.size() == 0 && id.as_bin().size() == storage::Id16{}.size()) {
      storage::Id16 out;
      std::copy(id.as_bin().begin(), id.as_bin().end(), out.begin());
      out_.event.buyer = out;
    } else if (!name.is_nil()) {
      return invalid("there is no such ref", "buyer");
    }
    return {};
  }

  Result<void> seal() {
    if (const auto name = event_["dedupe"]; !name.is_nil())
      facts_.set("dedupe", Value(name.as_str()));
    out_.event.facts = encode(Value(facts_));
    if (out_.event.facts.size() > storage::facts_max)
      return Error{Status::limit, "too large", "facts"};
    if (body_.empty()) return {};
    out_.event.body = encode(Value(body_));
    if (out_.event.body.size() > storage::body_max)
      return Error{Status::limit, "too large", "body"};
    return {};
  }

  Result<void> dedupe() {
    if (event_["dedupe"].is_nil()) return {};
    Document document;
    if (auto parsed = document.parse(out_.event.facts); !parsed) return parsed.error();
    out_.seen_key = seen_key_of(out_.event.type, document.root());
    if (out_.seen_key.empty()) return invalid("names no ref", "dedupe");
    return {};
  }

  View event_;
  std::string_view instance_;
  const Pseudonyms& pseudonyms_;
  Prepared out_;
  Map facts_;
  Map body_;
  Map external_;
  std::string shop_;
};

}  // namespace

std::string seen_key_of(std::string_view type, View facts) {
  const auto name = facts["dedupe"].as_str();
  const auto id = name.empty() ? std::string_view{} : facts[name].as_bin();
  if (id.size() != storage::Id16{}.size()) return {};
  return std::string(type).append(1, '\0').append(id);
}

std::string seen_key_of(std::string_view type, std::string_view facts) {
  // Few events have it, and looking for the word costs less than parsing.
  if (facts.find("dedupe") == std::string_view::npos) return {};
  Document document;
  if (!document.parse(facts)) return {};
  return seen_key_of(type, document.root());
}

Result<Prepared> prepare(View event, std::string_view instance, const Pseudonyms& pseudonyms) {
  return Preparation(event, instance, pseudonyms).run();
}

bool is_request(std::string_view type) {
  return type.size() > request_suffix.size() && type.ends_with(request_suffix);
}

}  // namespace deskmate::daemon
