// The log as the reader hub sees it: only what is folded, bodies opened when asked for. Loop
// thread.
#pragma once

#include "core/bus/loop.hpp"
#include "core/bus/reader_hub.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

class StoreSource : public bus::EventSource {
 public:
  // folded: the last event that readers may have. All outlive the source.
  StoreSource(bus::Loop& loop, storage::Store& store, std::function<std::uint64_t()> folded)
      : loop_(loop), store_(store), folded_(std::move(folded)) {}

  Result<std::uint64_t> read(std::uint64_t after, std::size_t limit, bool with_bodies,
                             const std::function<bool(const bus::SourceEvent&)>& each) override;
  Result<std::optional<std::string>> body(const bus::SourceEvent& event) override;
  std::uint64_t last_arrival() const override { return folded_(); }
  Result<std::optional<std::uint64_t>> cursor(std::string_view name) override;
  void set_cursor(std::string name, std::uint64_t arrival,
                  std::function<void(Result<void>)> done) override;

 private:
  bus::Loop& loop_;
  storage::Store& store_;
  std::function<std::uint64_t()> folded_;
};

}  // namespace deskmate::daemon
