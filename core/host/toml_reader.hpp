// Reads TOML strictly and collects every mistake with its place. For this folder only.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host/text.hpp"

namespace deskmate::host {

using deskmate::nearest;

class TomlReader {
 public:
  explicit TomlReader(std::string file) : file_(std::move(file)) {}

  // Parses; nullopt after a syntax error, which is then a fault.
  std::optional<toml::table> parse(std::string_view text);

  void fault(const toml::node& at, std::string en, std::string zh) {
    fault(at.source(), std::move(en), std::move(zh));
  }
  void fault(const toml::source_region& at, std::string en, std::string zh);

  // Every key that is not in known is a fault.
  void only(const toml::table& table, const std::vector<std::string_view>& known);

  // Each: the value of key; nullopt, with a fault, where it has another type, and without one where
  // it is missing.
  std::optional<std::string> text(const toml::table& table, std::string_view key);
  std::optional<std::int64_t> integer(const toml::table& table, std::string_view key);
  std::optional<bool> boolean(const toml::table& table, std::string_view key);
  const toml::table* table(const toml::table& table, std::string_view key);
  std::vector<std::pair<std::string, const toml::node*>> texts(const toml::table& table,
                                                               std::string_view key,
                                                               std::size_t count_max);

  // A fault that key is missing.
  void missing(const toml::table& table, std::string_view key);

  bool ok() const { return faults_.empty(); }
  Faults take();  // in the order of the file

 private:
  void wrong_type(const toml::node& node, std::string_view key, std::string_view en,
                  std::string_view zh);

  std::string file_;
  std::vector<Fault> faults_;
};

}  // namespace deskmate::host
