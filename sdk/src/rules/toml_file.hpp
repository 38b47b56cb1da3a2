// What the readers of rules and of cases do alike. Internal.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules {

inline void add_fault(Faults& faults, const std::string& file, const toml::source_region& at,
                      std::string en, std::string zh) {
  faults.list.push_back({file, at.begin.line, at.begin.column, {std::move(en), std::move(zh)}});
}

// Nothing, and a fault: it is too long, or not TOML.
inline std::optional<toml::table> parse_toml(std::string_view text, const std::string& file,
                                             Faults& faults) {
  if (text.size() > file_bytes_max) {
    faults.list.push_back({file,
                           0,
                           0,
                           {"the file is longer than " + std::to_string(file_bytes_max) + " bytes",
                            "文件超过 " + std::to_string(file_bytes_max) + " 字节"}});
    return std::nullopt;
  }
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    const std::string what(error.description());
    add_fault(faults, file, error.source(), "this is not TOML: " + what,
              "不是有效的 TOML：" + what);
    return std::nullopt;
  }
}

inline void unknown_key(Faults& faults, const std::string& file, const toml::key& key,
                        const std::vector<std::string_view>& known) {
  const std::string name(key.str());
  std::string en = "unknown key \"" + name + "\"";
  std::string zh = "未知的键“" + name + "”";
  if (const std::string_view meant = nearest(name, known); !meant.empty()) {
    en += "; did you mean \"" + std::string(meant) + "\"?";
    zh += "；是否想写“" + std::string(meant) + "”？";
  } else if (!known.empty() && known.size() <= 24) {
    std::string list;
    for (const std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
    en += "; here there are " + list;
    zh += "；此处可用：" + list;
  }
  add_fault(faults, file, key.source(), std::move(en), std::move(zh));
}

// In the order of the file, each once.
inline void sort_faults(Faults& faults) {
  std::stable_sort(faults.list.begin(), faults.list.end(), [](const Fault& a, const Fault& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  const auto same = [](const Fault& a, const Fault& b) {
    return a.line == b.line && a.column == b.column && a.text == b.text;
  };
  faults.list.erase(std::unique(faults.list.begin(), faults.list.end(), same), faults.list.end());
}

}  // namespace deskmate::rules
