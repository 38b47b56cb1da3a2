// Where the desk's state lives: a few sorted tables of bytes. In memory for tests; the daemon puts
// a write-back cache over the store's derived tables behind the same interface.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace deskmate::desk {

// One thread at a time. Keys are at most table_key_max bytes. The desk never changes a table from
// within a scan of it.
class Tables {
 public:
  virtual ~Tables() = default;
  virtual std::optional<std::string> get(std::string_view table, std::string_view key) = 0;
  virtual void put(std::string_view table, std::string_view key, std::string value) = 0;
  virtual void erase(std::string_view table, std::string_view key) = 0;
  // From the first key not less than `from`, in order (or from the last not greater, backwards), as
  // long as keys begin with `within`: what was erased beyond costs nothing.
  struct Range {
    std::string_view from;
    bool backwards = false;
    std::string_view within = {};
  };
  // Until each returns false. The views live until each returns.
  using Each = std::function<bool(std::string_view key, std::string_view value)>;
  virtual void scan(std::string_view table, const Range& range, const Each& each) = 0;
};

inline constexpr std::size_t table_key_max = 400;  // bytes; below LMDB's 511

class MemoryTables : public Tables {
 public:
  std::optional<std::string> get(std::string_view table, std::string_view key) override;
  void put(std::string_view table, std::string_view key, std::string value) override;
  void erase(std::string_view table, std::string_view key) override;
  void scan(std::string_view table, const Range& range, const Each& each) override;

  std::size_t entries() const;
  bool operator==(const MemoryTables& other) const { return tables_ == other.tables_; }

 private:
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> tables_;
};

// A table of the desk. What is hashed is the state that peers compare; the rest follows from it
// (indexes) or belongs to this peer alone (meta).
struct TableInfo {
  std::string_view name;   // on disk
  std::string_view title;  // for people
  bool hashed = false;
  std::string_view purpose;
};

// All of them, for whoever creates, clears or checks them.
std::span<const TableInfo> desk_tables();

}  // namespace deskmate::desk
