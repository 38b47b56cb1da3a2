// Examples with what is expected of them.
#include <algorithm>
#include <charconv>
#include <chrono>

#include "toml_file.hpp"

namespace deskmate::rules {
namespace {

// 2026-01-05 08:00 UTC, where a case does not say when it is.
constexpr std::int64_t case_now_ms = 1'767'600'000'000;

const std::vector<std::string_view> case_keys = {"name",   "now",     "expect", "order",
                                                 "others", "product", "draft",  "claim"};
const std::vector<std::string_view> order_keys = {
    "shop",       "number",      "state",    "payment", "currency", "total",    "paid",
    "placed_ms",  "updated_ms",  "paid_ms",  "name",    "note",     "address",  "lines",
    "ship_by_ms", "promised_ms", "shipping", "parcels", "actions",  "low_value"};
const std::vector<std::string_view> line_keys = {"sku",    "name",     "quantity", "price",
                                                 "custom", "measures", "stock"};
const std::vector<std::string_view> stock_keys = {"stock", "allocated", "warehouse", "short",
                                                  "price"};
const std::vector<std::string_view> parcel_keys = {"status",    "raw_code", "carrier",  "at_ms",
                                                   "sent_ms",   "moved_ms", "stuck_ms", "eta_ms",
                                                   "under_way", "here"};
const std::vector<std::string_view> action_keys = {"kind", "state", "at_ms"};
const std::vector<std::string_view> claim_keys = {"kind",      "cause",    "severity",
                                                  "opened_ms", "hardship", "given"};
const std::vector<std::string_view> draft_keys = {"shop", "text"};
const std::vector<std::string_view> product_keys = {"shop", "sku", "name", "stock"};

std::int64_t ms_of(const toml::date_time& at) {
  using namespace std::chrono;
  const year_month_day date{year{at.date.year}, month{at.date.month}, day{at.date.day}};
  const auto days = sys_days{date}.time_since_epoch();
  std::int64_t ms = duration_cast<milliseconds>(days).count();
  ms += at.time.hour * hour_ms + at.time.minute * minute_ms + at.time.second * 1'000 +
        at.time.nanosecond / 1'000'000;
  if (at.offset) ms -= at.offset->minutes * minute_ms;
  return ms;
}

// "-2h", "+30m", "+3d" from now.
std::optional<std::int64_t> relative_ms(std::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::int64_t count = 0;
  const auto* end = text.data() + text.size() - 1;
  const auto read = std::from_chars(text.data() + 1, end, count);
  if (read.ec != std::errc() || read.ptr != end || count > 1'000'000) return std::nullopt;
  const std::int64_t unit = text.back() == 'm'   ? minute_ms
                            : text.back() == 'h' ? hour_ms
                            : text.back() == 'd' ? day_ms
                                                 : 0;
  if (unit == 0) return std::nullopt;
  return (text[0] == '-' ? -count : count) * unit;
}

class Reader {
 public:
  Reader(const std::string& file, Faults& faults) : file_(file), faults_(faults) {}

  std::vector<Case> all(const toml::table& root) {
    std::vector<Case> out;
    only(root, {"case"});
    const toml::node* node = root.get("case");
    if (node == nullptr) return out;
    const toml::array* list = node->as_array();
    if (list == nullptr || !list->is_array_of_tables() || list->size() > cases_max) {
      fault(*node, "\"case\" has to be tables, [[case]]", "“case”必须是表的列表，[[case]]");
      return out;
    }
    for (const toml::node& item : *list) out.push_back(one(*item.as_table()));
    return out;
  }

 private:
  void fault(const toml::node& at, std::string en, std::string zh) {
    add_fault(faults_, file_, at.source(), std::move(en), std::move(zh));
  }
  void only(const toml::table& table, const std::vector<std::string_view>& known) {
    for (auto&& [key, node] : table) {
      if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        unknown_key(faults_, file_, key, known);
      }
    }
  }

  Case one(const toml::table& table) {
    Case out;
    only(table, case_keys);
    out.line = table.source().begin.line;
    out.name = table["name"].value_or(std::string());
    if (out.name.empty()) fault(table, "a case needs a name", "用例需要名称 name");
    now_ms_ = case_now_ms;
    if (const toml::node* now = table.get("now")) {
      const auto* at = now->as_date_time();
      if (at != nullptr && at->get().offset) {
        now_ms_ = ms_of(at->get());
      } else {
        fault(*now, "\"now\" has to be a time with its offset: 2026-11-11T09:30:00+08:00",
              "“now”必须是带时区偏移的时间：2026-11-11T09:30:00+08:00");
      }
    }
    out.now_ms = now_ms_;
    if (const toml::node* expect = table.get("expect"); expect != nullptr && expect->is_array()) {
      for (const toml::node& item : *expect->as_array()) {
        if (item.is_string()) {
          out.expect.push_back(item.as_string()->get());
        } else {
          fault(item, "\"expect\" names kinds, or kind/code", "“expect”列出种类，或 种类/原因");
        }
      }
    } else {
      fault(table, "a case says what it expects: expect = [] where nothing is wrong",
            "用例需要写明预期：没有问题时写 expect = []");
    }
    Value subject = Value::map();
    if (const toml::node* order = table.get("order")) subject["order"] = order_of(*order);
    if (const toml::node* product = table.get("product")) {
      subject["product"] = object(*product, product_keys);
    }
    if (const toml::node* draft = table.get("draft")) {
      subject["draft"] = object(*draft, draft_keys);
    }
    if (const toml::node* claim = table.get("claim")) {
      Value& read = subject["claim"] = object(*claim, claim_keys);
      if (read.is_map() && std::as_const(read)["opened_ms"].is_nil()) read["opened_ms"] = now_ms_;
    }
    if (const toml::node* others = table.get("others")) {
      if (const toml::array* list = others->as_array()) {
        for (const toml::node& item : *list) subject["others"].push_back(order_of(item));
      } else {
        fault(*others, "\"others\" has to be tables, [[case.others]]",
              "“others”必须是表的列表，[[case.others]]");
      }
    }
    if (subject.size() == 0) {
      fault(table, "a case has an order, a product or a draft", "用例需要 order、product 或 draft");
    }
    out.subject = encode(subject);
    return out;
  }

  Value order_of(const toml::node& node) {
    Value out = object(node, order_keys);
    const Value& read = out;
    if (out.is_map()) {
      // What a case does not say is as of an ordinary order that was just paid.
      if (read["state"].is_nil()) out["state"] = "paid";
      if (read["payment"].is_nil()) out["payment"] = "paid";
      if (read["currency"].is_nil()) out["currency"] = "CNY";
      if (read["paid"].is_nil()) out["paid"] = read["total"].as_int();
      if (read["placed_ms"].is_nil()) out["placed_ms"] = now_ms_;
      if (read["paid_ms"].is_nil()) out["paid_ms"] = read["placed_ms"].as_int();
      out["has_body"] = true;
    }
    return out;
  }

  Value object(const toml::node& node, const std::vector<std::string_view>& known) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      fault(node, "this has to be a table", "此处必须是表");
      return {};
    }
    only(*table, known);
    Value out = Value::map();
    for (auto&& [key, item] : *table) {
      out[key.str()] = value(key.str(), item);
    }
    return out;
  }

  Value list(const toml::node& node, const std::vector<std::string_view>& known) {
    Value out = Value::array();
    const toml::array* items = node.as_array();
    if (items == nullptr) {
      fault(node, "this has to be a list of tables", "此处必须是表的列表");
      return out;
    }
    for (const toml::node& item : *items) out.push_back(object(item, known));
    return out;
  }

  Value value(std::string_view key, const toml::node& node) {
    if (key == "lines") return list(node, line_keys);
    if (key == "parcels") return list(node, parcel_keys);
    if (key == "actions") return list(node, action_keys);
    if (key == "stock" && node.is_table()) return object(node, stock_keys);
    if (key.ends_with("_ms")) return time(key, node);
    if (key == "address" && node.is_table()) {
      Value out = Value::map();
      for (auto&& [name, part] : *node.as_table()) {
        out[name.str()] = part.value_or(std::string());
      }
      return out;
    }
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* boolean = node.as_boolean()) return boolean->get();
    if (const toml::array* items = node.as_array()) {
      Value out = Value::array();
      for (const toml::node& item : *items) out.push_back(item.value_or(std::string()));
      return out;
    }
    fault(node, "\"" + std::string(key) + "\" has to be text, a whole number, true or false",
          "“" + std::string(key) + "”必须是文本、整数、true 或 false");
    return {};
  }

  Value time(std::string_view key, const toml::node& node) {
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* at = node.as_date_time(); at != nullptr && at->get().offset) {
      return ms_of(at->get());
    }
    if (const auto* text = node.as_string()) {
      if (const auto ms = relative_ms(text->get())) return now_ms_ + *ms;
    }
    fault(node,
          "\"" + std::string(key) +
              "\" has to be a time: \"-2h\", \"+3d\" from now, or 2026-11-11T09:30:00+08:00",
          "“" + std::string(key) +
              "”必须是时间：相对现在的 \"-2h\"、\"+3d\"，或 2026-11-11T09:30:00+08:00");
    return {};
  }

  const std::string& file_;
  Faults& faults_;
  std::int64_t now_ms_ = case_now_ms;
};

}  // namespace

std::vector<Case> read_cases(std::string_view text, const std::string& file, Faults& faults) {
  const auto root = parse_toml(text, file, faults);
  if (!root) return {};
  auto out = Reader(file, faults).all(*root);
  sort_faults(faults);
  return out;
}

}  // namespace deskmate::rules
