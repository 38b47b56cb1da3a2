// Rule plugins: pure judges of orders, products, drafts and claims. What is to be judged comes in
// as values (the subject), what is wrong goes out as findings, each with its reason; no clock,
// network or file in between. What counts as wrong is data: settings in a TOML file of the owner's,
// read anew while running; with a mistake in it the last good settings stay in force.
//
//   struct Late : rules::Rules {
//     explicit Late(rules::Settings& settings)
//         : hours_(settings.table("late").integer("after_hours", 48, 1, 720)) {}
//     void judge(const rules::Subject& subject, rules::Sheet& sheet) const override {
//       if (!subject.order || subject.order->state != "paid") return;
//       const auto due_ms = subject.order->paid_ms + hours_ * rules::hour_ms;
//       if (subject.now_ms < due_ms) return sheet.fine("late", {{"due_ms", due_ms}});
//       sheet.found("late", "not_sent").param("due_ms", due_ms).fix("ship");
//     }
//     std::int64_t hours_;
//   };
//   struct LatePlugin : rules::RulePlugin {
//     LatePlugin() : RulePlugin("1.0.0") {}
//     std::unique_ptr<rules::Rules> compile(rules::Settings& settings) const override {
//       return std::make_unique<Late>(settings);
//     }
//   };
//   DESKMATE_PLUGIN(LatePlugin, "rules-late", "1.0.0")
//
// A fix is a word; of refund_coupon and resend_coupon, the standard offers for a parcel that
// failed, the desk knows the steps, and an offer that somebody makes of one names the rule.
//
// The manifest says kind = "rules" and has the text setting "file": the rules' file, absolute;
// empty: all settings at their default. Beside NAME.toml stand NAME.cases.toml,
// examples with what is expected of them. Link deskmate::rules. Tables [shop.NAME.…] of the file
// are laid over the rest for that shop.
//
// A finding's params must not change while the matter is the same: say when something is due, not
// how many hours are left. They never quote a buyer: numbers, times (…_ms), amounts (…_minor, in
// the currency of the param "currency"), names of SKUs, words of the rules' file.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "deskmate/host.hpp"
#include "deskmate/text.hpp"
#include "deskmate/value.hpp"

namespace deskmate::rules {

// Named limits.
inline constexpr std::size_t file_bytes_max = 262'144;  // of a file of rules or cases
inline constexpr std::size_t subjects_max = 1'024;      // of one rules.judge
inline constexpr std::size_t findings_max = 64;         // of one subject
inline constexpr std::size_t candidates_max = 4;        // rules that are tried and not in force
inline constexpr std::size_t cases_max = 10'000;        // of one file
inline constexpr std::size_t shops_max = 64;            // with tables of their own
inline constexpr std::size_t list_max = 1'000;          // of one setting
inline constexpr std::uint64_t watch_ms = 2'000;        // between two looks at the file

inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr std::int64_t hour_ms = 60 * minute_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;

// --- What is judged: views into the request, valid while judge runs. Times are UTC in ms, 0: not
// known; money is in minor units of the order's currency. ---

struct Stock {
  std::int64_t stock = 0;      // as the shop shows
  std::int64_t allocated = 0;  // of these, already sold
  std::optional<std::int64_t> warehouse;
  bool is_short = false;   // more was sold than is there, and this order's turn is too late
  std::int64_t price = 0;  // of one piece as the shop shows it now; 0: not known
};

struct Line {
  std::string_view sku, name;
  std::int64_t quantity = 0, price = 0;  // price: of one piece
  bool custom = false;
  std::vector<std::string_view> measures;  // names of those that were given
  std::optional<Stock> stock;              // nothing: the shop has not said
};

struct Parcel {
  std::string_view status, raw_code,
      carrier;                // status: deskmate/parcel.hpp, or a word of the shop's
  std::int64_t at_ms = 0;     // since when it has this status
  std::int64_t sent_ms = 0;   // when it first moved
  std::int64_t moved_ms = 0;  // when it last did
  std::int64_t stuck_ms = 0;  // from then on it is stuck, by the desk's setting; 0: it cannot be
  std::int64_t eta_ms = 0;    // when the courier means to deliver it
  bool under_way = false;
  bool here = false;  // its latest station is in the city that it goes to
};

// What was asked to be done to the order: refund, resend …
struct Done {
  std::string_view kind, state;
  std::int64_t at_ms = 0;
};

struct Order {
  std::string_view id;  // of the desk
  std::string_view shop, number, state, payment, currency;
  std::int64_t total = 0, paid = 0;  // paid: less what was given back
  std::int64_t placed_ms = 0, updated_ms = 0, paid_ms = 0, ship_by_ms = 0, promised_ms = 0;
  std::optional<std::int64_t> shipping;
  bool low_value = false;  // by the desk's limit; said of orders that have a parcel
  std::vector<Line> lines;
  std::vector<Parcel> parcels;
  std::vector<Done> actions;
  // Out of the sealed body; all empty where it is erased or on its way, and then has_body is false.
  std::string_view name, note;
  std::vector<std::pair<std::string_view, std::string_view>> address;  // a plain text: as "text"
  bool has_body = false;

  // Has it left, or will it never?
  bool waits() const { return state == "paid" || state == "open"; }
};

struct Product {
  std::string_view shop, sku, name;
  Stock stock;
};

// What somebody is about to send to a buyer. A finding of severity high keeps it from being sent;
// any other is a warning, which whoever sends may pass over.
struct Draft {
  std::string_view text;
};

// What a buyer says is wrong with an order, as its case has it, and what is known of that.
struct Claim {
  std::string_view kind;      // of the case: "damaged", "missing_item", "quality", "no_reason" …
  std::string_view cause;     // "packing", "courier", "buyer", "none" …; empty: not known yet
  std::string_view severity;  // low, normal, high; empty: nobody has said
  std::int64_t opened_ms = 0;
  bool hardship = false;
  std::vector<std::string_view> given;  // kinds of evidence that are there: "item", "slip" …
};

struct Subject {
  std::int64_t now_ms = 0;
  std::string_view shop;
  std::optional<Order> order;      // or
  std::optional<Product> product;  // or
  std::optional<Draft> draft;
  std::optional<Claim> claim;  // about the order
  std::vector<Order> others;   // of the same buyer, latest first
};

// The subject as msgpack, and back. A field of another kind counts as missing.
std::string pack(const Subject& subject);
Subject unpack(View subject, std::int64_t now_ms);

// --- Words and addresses, as rules compare them ---

// ASCII letters in lower case; the rest as it is.
std::string lowered(std::string_view text);
// Is one of the words (in lower case) in the text?
bool has_word(std::string_view text, const std::vector<std::string>& words);
// The index of the first that is in the text; how many there are: none is.
std::size_t word_in(std::string_view text, const std::vector<std::string>& words);
// Does that part of an address say where? Whom to call does not.
bool is_place(std::string_view part);
// Those parts of the address, one after the other.
std::string whole(const Order& order);

// --- What comes out ---

struct Finding {
  std::string kind;                 // of a problem; an order has at most one of each
  std::string code;                 // the reason
  std::string rule;                 // which rule said so; as the kind unless said
  std::string severity = "normal";  // low, normal, high
  Map params;
  std::optional<std::int64_t> amount;  // what is at stake, minor units
  std::string currency;
  bool limits = false;             // of a claim: no refund above the amount without a reason
  std::vector<std::string> fixes;  // best first: ask_buyer, refund, wait, substitute …

  Finding& param(std::string_view name, Value value);
  Finding& fix(std::string_view name);
  Finding& is(std::string_view how_severe);
  Finding& costs(std::int64_t minor, std::string_view in);
  Finding& at_most(std::int64_t minor, std::string_view in);
};

// Where the rules write what they found, and, where somebody asked why, what was all right.
class Sheet {
 public:
  explicit Sheet(bool explain = false) : explain_(explain) {}
  // Of a kind that was found already the first finding stays.
  Finding& found(std::string_view kind, std::string_view code);
  void fine(std::string_view kind, std::initializer_list<Map::Member> params = {});
  bool explains() const { return explain_; }

  struct Fine {
    std::string kind;
    Map params;
  };
  const std::vector<Finding>& findings() const { return findings_; }
  const std::vector<Fine>& fines() const { return fines_; }
  void clear();

 private:
  bool explain_;
  std::vector<Finding> findings_;
  std::vector<Fine> fines_;
  Finding spare_;
};

class Rules {
 public:
  Rules() = default;
  virtual ~Rules() = default;
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  virtual void judge(const Subject& subject, Sheet& sheet) const = 0;
};

// --- Settings ---

// A table of the rules' file. Asking for a setting makes it known: what nobody asked for is a
// mistake. Every mistake has its file, line and column, and says what was meant.
class Settings {
 public:
  class Impl;
  explicit Settings(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  // A table within; where the file has none every setting of it is at its default.
  Settings table(std::string_view key) const;
  // [[key]]; none where the file has none.
  std::vector<Settings> tables(std::string_view key) const;
  bool is_there() const;  // in the file

  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t min,
                       std::int64_t max) const;
  double number(std::string_view key, double otherwise, double min, double max) const;
  bool flag(std::string_view key, bool otherwise) const;
  std::string text(std::string_view key, std::string_view otherwise) const;
  // choices: what it may be.
  std::string word(std::string_view key, std::string_view otherwise,
                   std::initializer_list<std::string_view> choices) const;
  std::vector<std::string> texts(std::string_view key,
                                 std::initializer_list<std::string_view> otherwise) const;
  // { CNY = 99.00, EUR = 40 }: whole minor units by currency.
  std::map<std::string, std::int64_t, std::less<>> amounts(
      std::string_view key,
      std::initializer_list<std::pair<std::string_view, std::int64_t>> otherwise) const;

  // A mistake of the author's own finding, at the place of a setting.
  void fault(std::string_view key, std::string en, std::string zh) const;

 private:
  std::shared_ptr<Impl> impl_;
};

// Rules out of the text of a file, for every shop; or what is wrong with it.
class RuleSet {
 public:
  using Compile = std::function<std::unique_ptr<Rules>(Settings&)>;
  static Result<std::shared_ptr<RuleSet>> read(std::string_view text, const std::string& file,
                                               const Compile& compile, Faults& faults);
  void judge(const Subject& subject, Sheet& sheet) const;
  const std::string& digest() const { return digest_; }  // of the text; empty: none

 private:
  std::unique_ptr<Rules> base_;
  std::map<std::string, std::unique_ptr<Rules>, std::less<>> shops_;
  std::string digest_;
};

// An example with what is expected of it: kinds, or kind/code.
struct Case {
  std::string name;
  std::uint32_t line = 0;
  std::int64_t now_ms = 0;
  std::string subject;  // packed
  std::vector<std::string> expect;
};
// [[case]] tables: name, now, expect, and [case.order], [[case.others]], [case.product],
// [case.draft] or [case.claim] with the fields of Order, Product, Draft and Claim. Times are dates,
// or as far from now:
// "-2h", "+3d".
std::vector<Case> read_cases(std::string_view text, const std::string& file, Faults& faults);

// --- The plugin ---

// What a plugin's rules are asked about; of drafts and claims while somebody waits for them, so at
// once. Products and what is found of orders are the desk's to remember.
enum class Judges { orders, drafts, claims };
std::string_view to_string(Judges judges);
std::optional<Judges> judges_from(std::string_view word);

class RulePlugin : public Plugin {
 public:
  explicit RulePlugin(std::string version, Judges judges = Judges::orders);
  ~RulePlugin() override;

  // Reads its settings, at their defaults where the file does not say. Mistakes are the settings'
  // to collect; the rules are thrown away then.
  virtual std::unique_ptr<Rules> compile(Settings& settings) const = 0;

  Result<void> start() override;
  void on_request(std::uint64_t id, const std::string& method, const Value& params,
                  std::uint32_t deadline_ms) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deskmate::rules
