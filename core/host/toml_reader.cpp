#include "core/host/toml_reader.hpp"

#include <algorithm>

namespace deskmate::host {
std::optional<toml::table> TomlReader::parse(std::string_view text) {
  try {
    return toml::parse(text, file_);
  } catch (const toml::parse_error& error) {
    const std::string what(error.description());
    fault(error.source(), "this is not TOML: " + what, "不是有效的 TOML：" + what);
    return std::nullopt;
  }
}

void TomlReader::fault(const toml::source_region& at, std::string en, std::string zh) {
  faults_.push_back({file_, at.begin.line, at.begin.column, {std::move(en), std::move(zh)}});
}

void TomlReader::only(const toml::table& table, const std::vector<std::string_view>& known) {
  for (auto&& [key, node] : table) {
    const std::string_view name = key.str();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string en = "unknown key \"" + std::string(name) + "\"";
    std::string zh = "未知的键“" + std::string(name) + "”";
    if (const std::string_view meant = nearest(name, known); !meant.empty()) {
      en += "; did you mean \"" + std::string(meant) + "\"?";
      zh += "；是否想写“" + std::string(meant) + "”？";
    }
    fault(key.source(), std::move(en), std::move(zh));
  }
}

void TomlReader::wrong_type(const toml::node& node, std::string_view key, std::string_view en,
                            std::string_view zh) {
  fault(node, "\"" + std::string(key) + "\" has to be " + std::string(en),
        "“" + std::string(key) + "”必须是" + std::string(zh));
}

std::optional<std::string> TomlReader::text(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) {
    wrong_type(*node, key, "text in quotes", "带引号的文本");
    return std::nullopt;
  }
  return node->as_string()->get();
}

std::optional<std::int64_t> TomlReader::integer(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer()) {
    wrong_type(*node, key, "a whole number", "整数");
    return std::nullopt;
  }
  return node->as_integer()->get();
}

std::optional<bool> TomlReader::boolean(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_boolean()) {
    wrong_type(*node, key, "true or false", "true 或 false");
    return std::nullopt;
  }
  return node->as_boolean()->get();
}

const toml::table* TomlReader::table(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) {
    wrong_type(*node, key, "a table", "表");
    return nullptr;
  }
  return node->as_table();
}

std::vector<std::pair<std::string, const toml::node*>> TomlReader::texts(const toml::table& table,
                                                                         std::string_view key,
                                                                         std::size_t count_max) {
  std::vector<std::pair<std::string, const toml::node*>> all;
  const toml::node* node = table.get(key);
  if (node == nullptr) return all;
  if (!node->is_array()) {
    wrong_type(*node, key, "a list of texts", "文本列表");
    return all;
  }
  const toml::array& items = *node->as_array();
  if (items.size() > count_max) {
    wrong_type(*node, key, "a list of at most " + std::to_string(count_max),
               "最多 " + std::to_string(count_max) + " 项的列表");
    return all;
  }
  for (const toml::node& item : items) {
    if (!item.is_string()) {
      wrong_type(item, key, "a list of texts", "文本列表");
    } else {
      all.emplace_back(item.as_string()->get(), &item);
    }
  }
  return all;
}

void TomlReader::missing(const toml::table& table, std::string_view key) {
  fault(table, "\"" + std::string(key) + "\" is missing", "缺少“" + std::string(key) + "”");
}

Faults TomlReader::take() {
  std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  return {std::move(faults_)};
}

}  // namespace deskmate::host
