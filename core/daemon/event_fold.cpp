#include "core/daemon/event_fold.hpp"

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "core/daemon/intake.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::string_view clock_key = "last";
constexpr std::string_view fold_key = "fold";

std::string big_endian(std::uint64_t number) {
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[7 - i] = static_cast<char>(number >> (8 * i));
  return out;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

}  // namespace

void EventFold::add(const storage::StoredEvent& event) {
  if (event.again) return;  // facts alone are folded
  const auto& header = event.header;
  desk::EventView view;
  view.key = event.key;
  view.id = storage::event_id(event.key);
  view.stamp = header.stamp;
  view.type = header.type;
  view.schema = header.schema;
  view.facts = header.facts;
  view.request = (header.flags & storage::flag_request) != 0;
  view.home = header.home;
  desk_.fold_on(view);
  const std::string seen = seen_key_of(header.type, header.facts);
  if (!seen.empty()) tables_.put(seen_table, seen, {});
  highest_ = std::max(highest_, header.stamp);
}

void EventFold::settle() {
  desk_.settle();
  const std::uint64_t clock = this->clock();
  if (clock == 0) tables_.put(clock_table, fold_key, std::string(fold_version));
  if (highest_ > clock) tables_.put(clock_table, clock_key, big_endian(highest_));
}

std::uint64_t EventFold::clock() {
  const auto last = tables_.get(clock_table, clock_key);
  return last ? from_big_endian(*last) : 0;
}

Result<void> drop_outdated_tables(storage::Store& store) {
  if (store.tables_position() == 0) return {};
  const auto version = store.table_get(clock_table, fold_key);
  if (version.has_error()) return to_error(version.error());
  if (version.value() == fold_version) return {};
  std::promise<storage::Result<void>> done;
  store.clear_tables([&](storage::Result<void> result) { done.set_value(std::move(result)); });
  const auto cleared = done.get_future().get();
  return cleared.has_error() ? Result<void>(to_error(cleared.error())) : Result<void>();
}

}  // namespace deskmate::daemon
