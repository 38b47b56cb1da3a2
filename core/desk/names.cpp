// The names of what views hold, as programs read them.
#include <algorithm>
#include <array>

#include "core/desk/case_views.hpp"
#include "core/desk/types.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {
namespace {

constexpr std::array<std::string_view, 5> presences = {"online", "back_soon", "away", "off",
                                                       "suspended"};

template <class Enum, std::size_t N>
std::string_view at(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view to_string(Presence presence) { return at(presences, presence); }

std::optional<Presence> presence_from(std::string_view name) {
  const auto found = std::find(presences.begin(), presences.end(), name);
  if (found == presences.end()) return std::nullopt;
  return static_cast<Presence>(found - presences.begin());
}

std::string_view to_string(ChatState state) {
  return at<ChatState, 4>({"closed", "fresh", "queued", "assigned"}, state);
}

std::string_view to_string(ReplyColour colour) {
  return at<ReplyColour, 4>({"none", "green", "amber", "red"}, colour);
}

std::string_view to_string(RequestState state) {
  return at<RequestState, 7>(
      {"pending", "attempted", "again", "done", "failed", "unknown", "dropped"}, state);
}

std::string_view to_string(OrderLink link) {
  return at<OrderLink, 4>({"own", "joined", "contact", "quoted"}, link);
}

std::string_view to_string(EntryKind kind) {
  return at<EntryKind, 17>(
      {"received", "sent", "reply", "note", "transfer", "assigned", "queued", "flagged", "closed",
       "released", "promised", "kept", "dropped", "asked", "answered", "call", "case"},
      kind);
}

std::string_view to_string(CaseLine kind) {
  return at<CaseLine, 5>({"opened", "changed", "said", "linked", "call"}, kind);
}

std::string_view to_string(About about) {
  return at<About, 4>({"chat", "buyer", "order", "parcel"}, about);
}

std::string_view to_string(MissedView::Outcome outcome) {
  return at<MissedView::Outcome, 3>({"answered", "closed", "waiting"}, outcome);
}

Language language_from(std::string_view code) {
  return code.substr(0, 2) == "zh" ? Language::chinese : Language::english;
}

std::optional<Id16> id16(std::string_view bytes) {
  Id16 id{};
  if (bytes.size() != id.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

}  // namespace deskmate::desk
