// Opens the sealed bodies of events by their place in the log. Loop or pool thread.
#pragma once

#include <deskmate/value.hpp>
#include <optional>
#include <string>

#include "storage/store.hpp"

namespace deskmate::daemon {

class Bodies {
 public:
  explicit Bodies(storage::Store& store) : store_(store) {}

  // The body of that event: a map; empty where it has none, its key was destroyed or it cannot be
  // read. Texts that people wrote come from here and nowhere else.
  Value of(const storage::LogKey& key) const;
  Value of(const std::optional<storage::LogKey>& key) const {
    return key ? of(*key) : Value::map();
  }

  struct Opened {
    std::string bytes;     // a msgpack map; empty where it has none
    bool erased = false;   // or nobody has it any more
    bool awaited = false;  // the body has not come from its peer yet
  };
  // The same undecoded, for whoever reads many.
  Opened open(const storage::LogKey& key) const;

  struct Whole {
    std::string type;
    Value facts;
    Value body;
    bool erased = false;   // or nobody has it any more
    bool awaited = false;  // the body has not come from its peer yet
  };
  // Facts and body; nothing where there is no such event.
  std::optional<Whole> whole(const storage::LogKey& key) const;

 private:
  storage::Store& store_;
};

}  // namespace deskmate::daemon
