#include "calendar.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace deskmate::rules_calendar {

using rules::day_ms;
using rules::Finding;
using rules::hour_ms;
using rules::minute_ms;
using rules::Settings;

namespace {

constexpr std::int64_t hours_max = 24 * 366;

constexpr Holiday table[] = {
#include "holidays.inc"
};

std::optional<int> number(std::string_view text) {
  int out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return out;
}

// "2027-02-05"; nothing: there is no such day.
std::optional<std::chrono::year_month_day> date_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  if (!year || !month || !day || *month < 0 || *day < 0) return std::nullopt;
  const std::chrono::year_month_day out{std::chrono::year{*year},
                                        std::chrono::month{static_cast<unsigned>(*month)},
                                        std::chrono::day{static_cast<unsigned>(*day)}};
  if (!out.ok()) return std::nullopt;
  return out;
}

std::int64_t days_since_epoch(const std::chrono::year_month_day& date) {
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

// "+08:00", "-03:30"
std::optional<std::int64_t> offset_of(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
    return std::nullopt;
  }
  const auto hours = number(text.substr(1, 2));
  const auto minutes = number(text.substr(4, 2));
  if (!hours || !minutes || *hours < 0 || *hours > 14 || *minutes < 0 || *minutes > 59) {
    return std::nullopt;
  }
  const std::int64_t ms = *hours * hour_ms + *minutes * minute_ms;
  return text[0] == '-' ? -ms : ms;
}

}  // namespace

std::span<const Holiday> public_holidays() { return table; }

CalendarRules::CalendarRules(const Settings& settings) {
  if (const auto offset = offset_of(settings.text("utc_offset", "+08:00"))) {
    offset_ms_ = *offset;
  } else {
    settings.fault("utc_offset", "\"utc_offset\" has to be like \"+08:00\"",
                   "“utc_offset”的格式应为 \"+08:00\"");
  }
  read_pauses(settings);

  const Settings cutoff = settings.table("cutoff");
  cutoff_on_ = cutoff.flag("on", true);
  cutoff_severity_ = cutoff.word("severity", "normal", {"low", "normal", "high"});
  travels_ms_ = cutoff.integer("travels_hours", 72, 0, hours_max) * hour_ms;
  warn_ms_ = cutoff.integer("warn_hours", 24, 0, hours_max) * hour_ms;
  pickup_ms_ = cutoff.integer("late_pickup_hours", 6, 0, 48) * hour_ms;
  for (const Settings& one : cutoff.tables("far")) {
    Far far{one.texts("to", {}), one.integer("travels_hours", 168, 0, hours_max) * hour_ms};
    for (std::string& word : far.words) word = rules::lowered(word);
    if (far.words.empty()) {
      one.fault("to", "\"to\" has to name parts of addresses", "“to”需要列出地址中的词语");
    }
    far_.push_back(std::move(far));
  }
  read_festivals(settings);
}

// Of the countries named, and what the owner knows better.
void CalendarRules::read_pauses(const Settings& settings) {
  const auto add = [this](const std::chrono::year_month_day& from,
                          const std::chrono::year_month_day& to, std::string name) {
    pauses_.push_back({days_since_epoch(from) * day_ms - offset_ms_,
                       (days_since_epoch(to) + 1) * day_ms - offset_ms_, std::move(name)});
  };
  const auto countries = settings.texts("countries", {"CN"});
  const auto worked = settings.texts("worked", {"国庆节", "劳动节"});
  const std::int64_t least = settings.integer("least_days", 3, 1, 31);
  for (const std::string& country : countries) {
    bool known = false;
    for (const Holiday& one : table) {
      if (one.country != country) continue;
      known = true;
      if (std::find(worked.begin(), worked.end(), one.name) != worked.end()) continue;
      const auto from = date_of(one.from);
      const auto to = date_of(one.to);
      if (days_since_epoch(*to) - days_since_epoch(*from) + 1 >= least) {
        add(*from, *to, std::string(one.name));
      }
    }
    if (!known) {
      settings.fault("countries", "there are no holidays of \"" + country + "\" here",
                     "没有“" + country + "”的节假日");
    }
  }
  for (const Settings& one : settings.tables("pause")) {
    const auto from = date_of(one.text("from", ""));
    const auto to = date_of(one.text("to", ""));
    if (!from || !to || *to < *from) {
      one.fault(from ? "to" : "from", "\"from\" and \"to\" are days, as \"2027-02-03\"",
                "“from”和“to”必须是日期，如 \"2027-02-03\"");
      continue;
    }
    add(*from, *to, one.text("name", "holiday"));
  }
  std::sort(pauses_.begin(), pauses_.end(),
            [](const Pause& a, const Pause& b) { return a.from_ms < b.from_ms; });
}

// "11-11 Singles' Day", or of one year "2026-11-27 Black Friday".
void CalendarRules::read_festivals(const Settings& settings) {
  const Settings stock = settings.table("stock_up");
  stock_on_ = stock.flag("on", true);
  stock_severity_ = stock.word("severity", "low", {"low", "normal", "high"});
  before_ms_ = stock.integer("days_before", 14, 0, 366) * day_ms;
  pieces_ = stock.integer("pieces", 20, 0, 1'000'000);
  for (const std::string& text :
       stock.texts("festivals", {"06-18 618", "11-11 11.11", "12-12 12.12", "12-25 Christmas"})) {
    const auto blank = std::min(text.find(' '), text.size());
    const bool yearly = blank == 5;
    const auto date = date_of((yearly ? "2028-" : "") + text.substr(0, blank));  // has a 29th
    if (!date || blank + 1 >= text.size()) {
      stock.fault("festivals",
                  "\"" + text + "\" has to be a day and a name: \"11-11 Singles' Day\"",
                  "“" + text + "”应为日期加名称，如 \"11-11 双11\"");
      continue;
    }
    festivals_.push_back({yearly ? 0 : static_cast<int>(date->year()),
                          static_cast<unsigned>(date->month()), static_cast<unsigned>(date->day()),
                          text.substr(blank + 1)});
  }
}

void CalendarRules::judge(const rules::Subject& subject, Sheet& sheet) const {
  if (subject.order && cutoff_on_) cutoff(subject, sheet);
  if (subject.product && stock_on_) stock_up(subject, sheet);
}

std::int64_t CalendarRules::travels_ms(const rules::Order& order) const {
  const std::string address = rules::whole(order);
  const auto far = std::find_if(far_.begin(), far_.end(), [&](const Far& one) {
    return rules::has_word(address, one.words);
  });
  return far != far_.end() ? far->travels_ms : travels_ms_;
}

// R67: will it arrive in time? Of the first pause that is not over.
void CalendarRules::cutoff(const rules::Subject& subject, Sheet& sheet) const {
  const rules::Order& order = *subject.order;
  if (order.state != "paid") return;
  const std::int64_t now_ms = subject.now_ms;
  const auto pause = std::find_if(pauses_.begin(), pauses_.end(),
                                  [&](const Pause& one) { return now_ms < one.until_ms; });
  if (pause == pauses_.end()) return sheet.fine("cutoff");
  if (order.promised_ms >= pause->until_ms) {
    return sheet.fine("cutoff", {{"promised_ms", order.promised_ms}});
  }
  const std::int64_t leaves_by_ms = pause->from_ms - travels_ms(order);
  if (now_ms < leaves_by_ms - warn_ms_) {
    return sheet.fine("cutoff", {{"leaves_by_ms", leaves_by_ms}});
  }
  const char* code = now_ms < leaves_by_ms                ? "soon"
                     : now_ms < leaves_by_ms + pickup_ms_ ? "late_pickup"
                                                          : "missed";
  const bool missed = std::string_view(code) == "missed";
  Finding& found = sheet.found("cutoff", code);
  found.is(missed && order.promised_ms != 0 ? "high" : cutoff_severity_)
      .param("holiday", pause->name)
      .param("leaves_by_ms", leaves_by_ms)
      .param("until_ms", pause->until_ms);
  if (missed) {
    found.fix("tell_buyer");
  } else {
    found.fix("ship").fix("ask_pickup");
  }
}

// R32: in time to stock up and to see who works.
void CalendarRules::stock_up(const rules::Subject& subject, Sheet& sheet) const {
  using namespace std::chrono;
  const rules::Stock& stock = subject.product->stock;
  if (stock.stock - stock.allocated >= pieces_)
    return sheet.fine("stock_up", {{"pieces", pieces_}});
  const std::int64_t local_ms = subject.now_ms + offset_ms_;
  const year_month_day today{floor<days>(sys_time<milliseconds>{milliseconds{local_ms}})};
  const Festival* next = nullptr;
  std::int64_t at_ms = 0;
  for (const Festival& one : festivals_) {
    // This year's, or where that is over next year's.
    for (const int year : {static_cast<int>(today.year()), static_cast<int>(today.year()) + 1}) {
      if (one.year != 0 && one.year != year) continue;
      const year_month_day date{std::chrono::year{year}, month{one.month}, day{one.day}};
      if (!date.ok() || date < today) continue;
      const std::int64_t ms = days_since_epoch(date) * day_ms - offset_ms_;
      if (next == nullptr || ms < at_ms) next = &one, at_ms = ms;
      break;
    }
  }
  if (next == nullptr) return sheet.fine("stock_up");
  if (subject.now_ms < at_ms - before_ms_) {
    return sheet.fine("stock_up", {{"reminds_ms", at_ms - before_ms_}});
  }
  sheet.found("stock_up", "low")
      .is(stock_severity_)
      .param("festival", next->name)
      .param("at_ms", at_ms)
      .param("pieces", pieces_)
      .fix("stock_up");
}

}  // namespace deskmate::rules_calendar
