#include "plugins/chat-email/html_text.hpp"

#include <gumbo.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

// Gumbo frees its tree by recursion, which a deep tree turns into a stack overflow; here the whole
// memory of one parse is let go at once.
class Arena {
 public:
  static void* allocate(void* self, std::size_t size) {
    auto& blocks = static_cast<Arena*>(self)->blocks_;
    blocks.emplace_back(std::malloc(size == 0 ? 1 : size), &std::free);
    if (!blocks.back()) std::abort();
    return blocks.back().get();
  }
  static void release(void*, void*) {}

 private:
  std::vector<std::unique_ptr<void, decltype(&std::free)>> blocks_;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_void_tag(std::string_view name) {
  for (const std::string_view v :
       {"br", "img", "hr", "meta", "link", "input", "area", "base", "col", "embed", "source",
        "track", "wbr", "p", "li", "tr", "td", "th"}) {
    if (name == v) return true;  // the last five close themselves in practice
  }
  return false;
}

// Whether a tree of it stays small: Gumbo's work can grow with tags times depth.
bool is_tame(std::string_view html) {
  std::size_t tags = 0;
  std::size_t depth = 0;
  std::size_t work = 0;
  for (std::size_t i = 0; i + 1 < html.size(); ++i) {
    if (html[i] != '<') continue;
    const bool closing = html[i + 1] == '/';
    std::size_t at = i + (closing ? 2 : 1);
    const std::size_t begin = at;
    while (at < html.size() && at - begin < 16 && (is_letter(html[at]) || html[at] == '-')) ++at;
    if (at == begin) continue;
    const std::string name = lower_ascii(html.substr(begin, at - begin));
    if (closing) {
      if (depth > 0 && !is_void_tag(name)) --depth;
    } else if (!is_void_tag(name)) {
      ++depth;
    }
    std::size_t attributes = 0;
    for (; at < html.size() && html[at] != '>'; ++at) {
      attributes +=
          std::string_view("= \t\r\n\f/").find(html[at]) != std::string_view::npos ? 1 : 0;
    }
    ++tags;
    work += depth;
    if (tags > kHtmlTagsMax || depth > kHtmlDepthMax || work > kHtmlWorkMax ||
        attributes > kHtmlAttributesMax) {
      return false;
    }
    i = at;
  }
  return true;
}

std::string strip_tags(std::string_view html) {
  std::string out;
  for (std::size_t i = 0; i < html.size() && out.size() < kTextBytesMax;) {
    if (html[i] != '<') {
      out += html[i++];
      continue;
    }
    const auto end = html.find('>', i);
    if (end == std::string_view::npos) break;
    if (!out.empty() && out.back() != ' ') out += ' ';
    i = end + 1;
  }
  return clean_line(out, kTextBytesMax);
}

std::string_view attribute(const GumboNode& node, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&node.v.element.attributes, name);
  return found == nullptr ? std::string_view{} : std::string_view(found->value);
}

bool is_hidden(const GumboNode& node) {
  std::string style;
  for (const char c : lower_ascii(attribute(node, "style"))) {
    if (c != ' ') style += c;
  }
  return style.find("display:none") != std::string::npos ||
         style.find("visibility:hidden") != std::string::npos;
}

bool is_block(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_P:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_UL:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_FORM:
      return true;
    default:
      return false;
  }
}

bool is_silent(GumboTag tag) {
  return tag == GUMBO_TAG_SCRIPT || tag == GUMBO_TAG_STYLE || tag == GUMBO_TAG_HEAD ||
         tag == GUMBO_TAG_TITLE || tag == GUMBO_TAG_TEMPLATE || tag == GUMBO_TAG_NOSCRIPT ||
         tag == GUMBO_TAG_OBJECT || tag == GUMBO_TAG_SELECT || tag == GUMBO_TAG_TEXTAREA;
}

// Lays text out: collapses spaces, breaks lines between blocks, marks quotes.
class Writer {
 public:
  void text(std::string_view words, bool keep_spaces) {
    for (const char c : words) {
      if (keep_spaces && c == '\n') {
        end_line();
        breaks_ = 1;
      } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
        if (keep_spaces && breaks_ == 0 && !out_.empty()) {
          out_ += ' ';
        } else {
          space_ = true;
          indent_ += keep_spaces && breaks_ > 0 ? 1 : 0;
        }
      } else {
        put(c);
      }
    }
  }
  void raw(std::string_view words) {
    for (const char c : words) put(c);
  }
  // At least count line breaks before whatever comes next.
  void line_breaks(int count) {
    if (breaks_ < count) breaks_ = count;
  }
  void one_more_break() { breaks_ = breaks_ < 2 ? breaks_ + 1 : 2; }
  void quote(int by) {
    line_breaks(1);
    quotes_ += by;
  }
  bool full() const { return out_.size() >= kTextBytesMax; }
  std::size_t size() const { return out_.size(); }
  std::string_view since(std::size_t at) const { return std::string_view(out_).substr(at); }
  std::string take() && { return std::string(trim(cut_utf8(out_, kTextBytesMax))); }

 private:
  void put(char c) {
    if (full()) return;
    if (breaks_ > 0 || out_.empty()) {
      end_line();
      for (int i = 0; i < quotes_ && i < kQuotesMax; ++i) out_ += "> ";
      out_.append(indent_, ' ');
    } else if (space_ && out_.back() != ' ' && out_.back() != '\n') {
      out_ += ' ';
    }
    space_ = false;
    indent_ = 0;
    out_ += c;
  }
  void end_line() {
    while (!out_.empty() && out_.back() == ' ') out_.pop_back();
    if (!out_.empty()) out_.append(static_cast<std::size_t>(breaks_), '\n');
    breaks_ = 0;
    space_ = false;
  }

  static constexpr int kQuotesMax = 10;
  std::string out_;
  int breaks_ = 0;  // line breaks owed
  bool space_ = false;
  std::size_t indent_ = 0;  // of a line that keeps its spaces
  int quotes_ = 0;
};

// One element on the way down: enter, then its children one by one, then leave.
struct Step {
  const GumboNode* node;
  unsigned next_child = 0;
  bool pre = false;
  std::size_t begin = 0;  // of a link's words
};

void enter(Writer& out, Step& step) {
  const GumboTag tag = step.node->v.element.tag;
  if (tag == GUMBO_TAG_BLOCKQUOTE) out.quote(1);
  if (is_block(tag)) out.line_breaks(tag == GUMBO_TAG_P ? 2 : 1);
  if (tag == GUMBO_TAG_BR) out.one_more_break();
  if (tag == GUMBO_TAG_LI) out.raw("- ");
  if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) out.text(" ", false);
  if (tag == GUMBO_TAG_PRE) step.pre = true;
  if (tag == GUMBO_TAG_IMG) {
    const std::string words = clean_line(attribute(*step.node, "alt"), 200);
    if (!words.empty()) out.raw("[" + words + "]");
  }
  step.begin = out.size();
}

void leave(Writer& out, const Step& step) {
  const GumboTag tag = step.node->v.element.tag;
  if (tag == GUMBO_TAG_A) {
    constexpr std::size_t kLinkBytesMax = 2000;
    const std::string link = clean_line(attribute(*step.node, "href"), kLinkBytesMax);
    const std::string_view words = out.since(step.begin);
    const bool web = link.starts_with("http://") || link.starts_with("https://");
    if (web && words.find(link) == std::string_view::npos) out.raw(" (" + link + ")");
  }
  if (is_block(tag)) out.line_breaks(tag == GUMBO_TAG_P ? 2 : 1);
  if (tag == GUMBO_TAG_BLOCKQUOTE) out.quote(-1);
}

std::string lay_out(const GumboNode* root) {
  Writer out;
  std::vector<Step> way;
  way.push_back(Step{root});
  enter(out, way.back());
  while (!way.empty() && !out.full()) {
    Step& step = way.back();
    const GumboVector& children = step.node->v.element.children;
    if (step.next_child == children.length) {
      leave(out, step);
      way.pop_back();
      continue;
    }
    const auto* child = static_cast<const GumboNode*>(children.data[step.next_child++]);
    if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_CDATA ||
        child->type == GUMBO_NODE_WHITESPACE) {
      out.text(child->v.text.text, step.pre);
    } else if (child->type == GUMBO_NODE_ELEMENT && !is_silent(child->v.element.tag) &&
               !is_hidden(*child)) {
      Step down{child};
      down.pre = step.pre;
      enter(out, down);
      way.push_back(down);
    }
  }
  return std::move(out).take();
}

}  // namespace

std::string html_to_text(std::string_view html) {
  const std::string_view cut = cut_utf8(html, kHtmlBytesMax);
  if (!is_tame(cut)) return strip_tags(cut);
  Arena arena;
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = &Arena::allocate;
  options.deallocator = &Arena::release;
  options.userdata = &arena;
  options.max_errors = 0;
  const GumboOutput* output = gumbo_parse_with_options(&options, cut.data(), cut.size());
  std::string text = lay_out(output->root);
  // A no-break space is a space to a reader.
  constexpr std::string_view kNoBreak = "\u00A0";
  for (auto at = text.find(kNoBreak); at != std::string::npos; at = text.find(kNoBreak, at)) {
    text.replace(at, kNoBreak.size(), " ");
  }
  return clean_text(text);
}

}  // namespace deskmate::chat_email
