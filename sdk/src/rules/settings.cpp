// Reads the settings of rules, strictly.
#include <algorithm>
#include <cmath>
#include <set>

#include "toml_file.hpp"

namespace deskmate::rules {

// One table of the file, and what was asked of it.
class Settings::Impl {
 public:
  Impl(const toml::table* table, std::string path, std::string file, Faults& faults)
      : table_(table), path_(std::move(path)), file_(std::move(file)), faults_(faults) {}

  const toml::node* get(std::string_view key) {
    known_.emplace(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  void fault(const toml::source_region& at, std::string en, std::string zh) {
    add_fault(faults_, file_, at, std::move(en), std::move(zh));
  }
  void wrong_type(const toml::node& node, std::string_view key, std::string_view en,
                  std::string_view zh) {
    fault(node.source(), "\"" + path(key) + "\" has to be " + std::string(en),
          "“" + path(key) + "”必须是" + std::string(zh));
  }
  template <class Number>
  void out_of_range(const toml::node& node, std::string_view key, Number min, Number max) {
    const std::string low = std::to_string(min);
    const std::string high = std::to_string(max);
    wrong_type(node, key, "between " + low + " and " + high, low + " 到 " + high + " 之间的值");
  }
  std::string path(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }
  std::shared_ptr<Impl> child(const toml::table* table, std::string_view key) {
    auto made = std::make_shared<Impl>(table, path(key), file_, faults_);
    children_.push_back(made);
    return made;
  }
  // What nobody asked for is a mistake.
  void finish(const std::vector<std::string_view>& also_known) {
    for (const auto& one : children_) one->finish({});
    if (table_ == nullptr) return;
    std::vector<std::string_view> known(known_.begin(), known_.end());
    known.insert(known.end(), also_known.begin(), also_known.end());
    for (auto&& [key, node] : *table_) {
      const bool is_known = std::find(known.begin(), known.end(), key.str()) != known.end();
      if (!is_known) unknown_key(faults_, file_, key, known);
    }
  }
  const toml::table* table() const { return table_; }

 private:
  const toml::table* table_;
  std::string path_;
  std::string file_;
  Faults& faults_;
  std::set<std::string, std::less<>> known_;
  std::vector<std::shared_ptr<Impl>> children_;
};

namespace {

// The shop's tables laid over the rest; places stay.
void lay_over(toml::table& base, const toml::table& over) {
  for (auto&& [key, node] : over) {
    toml::node* below = base.get(key.str());
    if (below != nullptr && below->is_table() && node.is_table()) {
      lay_over(*below->as_table(), *node.as_table());
    } else {
      base.insert_or_assign(key, node);
    }
  }
}

std::string digest_of(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5;  // FNV-1a
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x01000193;
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 28; shift >= 0; shift -= 4) out += digits[hash >> shift & 15];
  return out;
}

// Minor units of money as written: 99.00, 40. Digits after the point: as the currency has.
std::optional<std::int64_t> minor_of(const toml::node& node, std::string_view currency) {
  static constexpr std::string_view whole[] = {"JPY", "KRW", "VND", "CLP", "ISK"};
  const bool no_cents = std::find(std::begin(whole), std::end(whole), currency) != std::end(whole);
  const double factor = no_cents ? 1 : 100;
  double amount = 0;
  if (const auto* integer = node.as_integer()) {
    amount = static_cast<double>(integer->get());
  } else if (const auto* real = node.as_floating_point()) {
    amount = real->get();
  } else {
    return std::nullopt;
  }
  const double minor = amount * factor;
  if (!(minor >= 0 && minor <= 1e15) || std::abs(minor - std::round(minor)) > 1e-6) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(std::llround(minor));
}

bool is_currency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool Settings::is_there() const { return impl_->table() != nullptr; }

Settings Settings::table(std::string_view key) const {
  const toml::node* node = impl_->get(key);
  if (node != nullptr && !node->is_table()) {
    impl_->wrong_type(*node, key, "a table: [" + std::string(key) + "]",
                      "表：[" + std::string(key) + "]");
  }
  return Settings(impl_->child(node == nullptr ? nullptr : node->as_table(), key));
}

std::vector<Settings> Settings::tables(std::string_view key) const {
  std::vector<Settings> out;
  const toml::node* node = impl_->get(key);
  if (node == nullptr) return out;
  const toml::array* list = node->as_array();
  if (list != nullptr && list->empty()) return out;
  if (list == nullptr || !list->is_array_of_tables() || list->size() > list_max) {
    impl_->wrong_type(*node, key, "tables, [[" + std::string(key) + "]]",
                      "表的列表，[[" + std::string(key) + "]]");
    return out;
  }
  for (const toml::node& item : *list) out.push_back(Settings(impl_->child(item.as_table(), key)));
  return out;
}

std::int64_t Settings::integer(std::string_view key, std::int64_t otherwise, std::int64_t min,
                               std::int64_t max) const {
  const toml::node* node = impl_->get(key);
  if (node == nullptr) return otherwise;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    impl_->wrong_type(*node, key, "a whole number", "整数");
    return otherwise;
  }
  if (value->get() < min || value->get() > max) impl_->out_of_range(*node, key, min, max);
  return value->get();
}

double Settings::number(std::string_view key, double otherwise, double min, double max) const {
  const toml::node* node = impl_->get(key);
  if (node == nullptr) return otherwise;
  const auto value = node->value<double>();
  if (!value || !node->is_number()) {
    impl_->wrong_type(*node, key, "a number", "数字");
    return otherwise;
  }
  if (!(*value >= min && *value <= max)) impl_->out_of_range(*node, key, min, max);
  return *value;
}

bool Settings::flag(std::string_view key, bool otherwise) const {
  const toml::node* node = impl_->get(key);
  if (node == nullptr) return otherwise;
  if (const auto* value = node->as_boolean()) return value->get();
  impl_->wrong_type(*node, key, "true or false", "true 或 false");
  return otherwise;
}

std::string Settings::text(std::string_view key, std::string_view otherwise) const {
  const toml::node* node = impl_->get(key);
  if (node == nullptr) return std::string(otherwise);
  if (const auto* value = node->as_string()) return value->get();
  impl_->wrong_type(*node, key, "text in quotes", "带引号的文本");
  return std::string(otherwise);
}

std::string Settings::word(std::string_view key, std::string_view otherwise,
                           std::initializer_list<std::string_view> choices) const {
  std::string value = text(key, otherwise);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  std::string list;
  for (const std::string_view one : choices) {
    list += (list.empty() ? "" : ", ") + std::string(one);
  }
  const std::string_view meant = nearest(value, std::vector<std::string_view>(choices));
  fault(key,
        "\"" + impl_->path(key) + "\" has to be one of " + list +
            (meant.empty() ? "" : "; did you mean \"" + std::string(meant) + "\"?"),
        "“" + impl_->path(key) + "”必须是以下之一：" + list +
            (meant.empty() ? "" : "；是否想写“" + std::string(meant) + "”？"));
  return std::string(otherwise);
}

std::vector<std::string> Settings::texts(std::string_view key,
                                         std::initializer_list<std::string_view> otherwise) const {
  const toml::node* node = impl_->get(key);
  if (node == nullptr) return {otherwise.begin(), otherwise.end()};
  std::vector<std::string> out;
  const toml::array* list = node->as_array();
  if (list == nullptr || list->size() > list_max) {
    impl_->wrong_type(*node, key, "a list of texts: [\"…\", \"…\"]", "文本列表：[\"…\", \"…\"]");
    return out;
  }
  for (const toml::node& item : *list) {
    if (const auto* value = item.as_string()) {
      out.push_back(value->get());
    } else {
      impl_->wrong_type(item, key, "a list of texts: [\"…\", \"…\"]", "文本列表：[\"…\", \"…\"]");
    }
  }
  return out;
}

std::map<std::string, std::int64_t, std::less<>> Settings::amounts(
    std::string_view key,
    std::initializer_list<std::pair<std::string_view, std::int64_t>> otherwise) const {
  std::map<std::string, std::int64_t, std::less<>> out;
  const toml::node* node = impl_->get(key);
  if (node == nullptr) {
    for (const auto& [currency, amount] : otherwise) out.emplace(currency, amount);
    return out;
  }
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    impl_->wrong_type(*node, key, "amounts by currency: { EUR = 40.00 }",
                      "按币种的金额：{ CNY = 99.00 }");
    return out;
  }
  for (auto&& [currency, amount] : *table) {
    const auto minor = minor_of(amount, currency.str());
    if (!is_currency(currency.str())) {
      impl_->fault(currency.source(),
                   "\"" + std::string(currency.str()) + "\" is no currency; write EUR, CNY …",
                   "“" + std::string(currency.str()) + "”不是币种，请写 CNY、EUR 等");
    } else if (!minor) {
      impl_->wrong_type(amount, std::string(key) + "." + std::string(currency.str()),
                        "an amount of money, 0 or more, such as 40.00",
                        "不小于 0 的金额，例如 40.00");
    } else {
      out.emplace(currency.str(), *minor);
    }
  }
  return out;
}

void Settings::fault(std::string_view key, std::string en, std::string zh) const {
  const toml::node* node = impl_->get(key);
  const toml::source_region nowhere{};
  impl_->fault(node != nullptr             ? node->source()
               : impl_->table() != nullptr ? impl_->table()->source()
                                           : nowhere,
               std::move(en), std::move(zh));
}

Result<std::shared_ptr<RuleSet>> RuleSet::read(std::string_view text, const std::string& file,
                                               const Compile& compile, Faults& faults) {
  const Error wrong{Status::invalid, "the rules have mistakes", file};
  auto parsed = parse_toml(text, file, faults);
  if (!parsed) return wrong;
  const toml::table& whole = *parsed;
  auto set = std::make_shared<RuleSet>();
  const auto build = [&](const toml::table& table) {
    auto impl = std::make_shared<Settings::Impl>(&table, "", file, faults);
    Settings settings(impl);
    auto rules = compile(settings);
    impl->finish({"shop"});
    return rules;
  };
  set->base_ = build(whole);
  if (const toml::node* shops = whole.get("shop")) {
    const toml::table* by_name = shops->as_table();
    if (by_name == nullptr || by_name->size() > shops_max) {
      add_fault(faults, file, shops->source(), "\"shop\" has to be tables: [shop.NAME.…]",
                "“shop”必须是表：[shop.名称.…]");
    } else {
      for (auto&& [name, over] : *by_name) {
        if (!over.is_table()) {
          add_fault(faults, file, over.source(), "this has to be a table: [shop.NAME.…]",
                    "此处必须是表：[shop.名称.…]");
          continue;
        }
        toml::table merged = whole;
        merged.erase("shop");
        lay_over(merged, *over.as_table());
        set->shops_[std::string(name.str())] = build(merged);
      }
    }
  }
  sort_faults(faults);
  if (!faults.list.empty()) return wrong;
  if (!text.empty()) set->digest_ = digest_of(text);
  return set;
}

void RuleSet::judge(const Subject& subject, Sheet& sheet) const {
  const auto own = shops_.find(subject.shop);
  (own != shops_.end() ? own->second : base_)->judge(subject, sheet);
}

}  // namespace deskmate::rules
