#include "core/daemon/case_file.hpp"

#include <algorithm>
#include <ctime>
#include <set>

namespace deskmate::daemon {
namespace {

constexpr std::size_t name_bytes_max = 80;
constexpr std::size_t hash_digits = 16;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// UTC: whoever reads it may be anywhere.
std::string when(std::uint64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1'000);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return {};
  char text[32];
  const auto size = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return std::string(text, size);
}

std::string money(std::int64_t minor, std::string_view currency) {
  const std::uint64_t size =
      minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  std::string cents = std::to_string(size % 100);
  if (cents.size() < 2) cents.insert(0, "0");
  return (minor < 0 ? "-" : "") + std::to_string(size / 100) + "." + cents + " " +
         std::string(currency);
}

// A name that is safe in a folder and in a page.
std::string file_name(std::string_view hash, std::string_view name) {
  std::string out(hash.substr(0, hash_digits));
  out += '-';
  for (const char c : name.substr(0, name_bytes_max)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    out += plain ? c : '_';
  }
  return out;
}

class Page {
 public:
  explicit Page(Language language) : language_(language) {}

  std::string text(std::string_view key) const { return escaped(say(language_, key)); }
  void add(const std::string& html) {
    if (out_.html.size() + html.size() > case_page_bytes_max) {
      left_out_ = true;
    } else {
      out_.html += html;
    }
  }
  void heading(const std::string& text) { add("<h2>" + text + "</h2>\n"); }
  void row(std::string_view key, std::string_view value) {
    if (!value.empty()) {
      add("<tr><th>" + text(key) + "</th><td>" + escaped(value) + "</td></tr>\n");
    }
  }
  // What somebody said at a time, with the files.
  void said(const Value& line, std::uint64_t at_ms, const std::string& who) {
    std::string html = "<div class=\"said\"><p class=\"who\">" + when(at_ms) + " · " + who + "</p>";
    if (line["erased"].as_bool()) html += "<p>" + text("entry.erased") + "</p>";
    if (const auto words = line["text"].as_str(); !words.empty()) {
      html += "<p class=\"text\">" + escaped(words) + "</p>";
    }
    for (const Value& file : line["attachments"].as_array()) html += attached(file);
    add(html + "</div>\n");
  }
  CaseFile finish(const std::string& title) {
    std::string html =
        "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>" + title +
        "</title><style>body{font:16px/1.5 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}"
        "th{text-align:left;padding-right:1em}.who{color:#555;margin:0}.said{margin:1em 0}"
        ".text{white-space:pre-wrap;margin:0}img{max-width:100%}</style></head><body>\n<h1>" +
        title + "</h1>\n" + out_.html;
    if (left_out_) html += "<p>" + text("case_file.left_out") + "</p>\n";
    out_.html = html + "</body></html>\n";
    return std::move(out_);
  }

 private:
  std::string attached(const Value& file) {
    const auto hash = file["hash"].as_str();
    const std::string path = "files/" + file_name(hash, file["name"].as_str());
    if (seen_.count(std::string(hash)) == 0 && seen_.size() == case_files_max) {
      left_out_ = true;
      return {};
    }
    if (seen_.insert(std::string(hash)).second) {
      Value one = file;
      one["path"] = path;
      out_.files.push_back(std::move(one));
    }
    const std::string name = escaped(file["name"].as_str());
    const bool image = file["type"].as_str().starts_with("image/");
    return image ? "<p><img src=\"" + path + "\" alt=\"" + name + "\"></p>"
                 : "<p><a href=\"" + path + "\">" + name + "</a></p>";
  }

  Language language_;
  CaseFile out_;
  std::set<std::string> seen_;
  bool left_out_ = false;
};

std::string known(const Page& page, const char* prefix, std::string_view word) {
  const std::string key = prefix + std::string(word);
  const auto all = messages();
  const bool there =
      std::any_of(all.begin(), all.end(), [&](const Message& one) { return one.key == key; });
  return there ? page.text(key) : escaped(word);
}

void add_lines(Page& page, const Value& detail) {
  page.heading(page.text("case_file.statements"));
  for (const Value& line : detail["lines"].as_array()) {
    const auto kind = line["kind"].as_str();
    const std::uint64_t at_ms = line["at_ms"].as_uint();
    if (kind == "said") {
      page.said(line, at_ms, known(page, "party.", line["party"].as_str()));
    } else if (kind == "call") {
      page.said(line, at_ms, page.text("case_file.call"));
    } else if (kind == "opened") {
      page.said(line, at_ms, page.text("case_file.opened"));
    } else if (kind == "changed" && !line["changes"]["state"].is_nil()) {
      page.said(line, at_ms, known(page, "case.state.", line["changes"]["state"].as_str()));
    }
  }
}

void add_chat(Page& page, const Value& chat) {
  page.heading(page.text("case_file.chat") + " " + escaped(chat["shop"].as_str()));
  for (const Value& entry : chat["entries"].as_array()) {
    const auto kind = entry["kind"].as_str();
    const std::uint64_t at_ms = entry["at_ms"].as_uint();
    if (kind == "received") {
      page.said(entry, at_ms, page.text("party.buyer"));
    } else if (kind == "sent" || (kind == "reply" && entry["outcome"].as_str() == "done")) {
      page.said(entry, at_ms, page.text("party.shop"));
    }
  }
}

void add_order(Page& page, const Value& order) {
  page.heading(page.text("case_file.order") + " " + escaped(order["number"].as_str()));
  page.add("<table>\n");
  page.row("column.placed", when(order["placed_ms"].as_uint()));
  page.row("column.state", order["state"].as_str());
  page.row("column.payment", order["payment"].as_str());
  page.row("column.total", money(order["total"].as_int(), order["currency"].as_str()));
  for (const Value& line : order["lines"].as_array()) {
    page.row("case_file.line", std::to_string(line["quantity"].as_int()) + " × " +
                                   std::string(line["name"].as_str()));
  }
  for (const Value& parcel : order["parcels"].as_array()) {
    std::string text = when(parcel["at_ms"].as_uint());
    for (const char* key : {"carrier", "tracking", "status", "raw_text"}) {
      if (const auto word = parcel[key].as_str(); !word.empty()) text += " · " + std::string(word);
    }
    page.row("case_file.parcel", text);
  }
  page.add("</table>\n");
}

}  // namespace

CaseFile case_file(const Value& detail, const std::vector<Value>& chats,
                   const std::vector<Value>& orders, Language language) {
  Page page(language);
  page.add("<table>\n");
  page.row("case_file.kind", detail["kind"].as_str());
  page.row("column.state", detail["state"].as_str());
  page.row("case_file.opened", when(detail["opened_ms"].as_uint()));
  if (const auto ms = detail["deadline_ms"].as_uint(); ms != 0) page.row("column.due", when(ms));
  page.row("case_file.liable", detail["liable"].as_str());
  if (const auto currency = detail["currency"].as_str(); !currency.empty()) {
    page.row("case_file.settled", money(detail["amount"].as_int(), currency));
  }
  page.add("</table>\n");
  add_lines(page, detail);
  for (const Value& order : orders) add_order(page, order);
  for (const Value& chat : chats) add_chat(page, chat);
  std::string title = page.text("case_file.title") + " " + std::to_string(detail["case"].as_uint());
  if (const auto words = detail["title"].as_str(); !words.empty()) title += ": " + escaped(words);
  return page.finish(title);
}

}  // namespace deskmate::daemon
