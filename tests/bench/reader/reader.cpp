// Reads the log from the beginning, counts, commits as any reader does, and says under the key
// "done" of its own store how much there was.
#include <deskmate/plugin.hpp>

namespace {

class Reader : public deskmate::Plugin {
 public:
  deskmate::Result<void> start() override {
    last_ = host().setting("last").as_uint();
    host().open_reader("all", {"message.*", "chat.*", "reply.*", "member.*"}, deskmate::From::start,
                       {});
    return {};
  }

  void on_events(const std::string& reader, std::span<const deskmate::Event> events) override {
    for (const deskmate::Event& event : events) {
      ++events_;
      bytes_ += event.facts.size() + event.body.size();
    }
    host().commit(reader, events.back().arrival);
    if (events.back().arrival < last_) return;
    host().kv_put("done",
                  deskmate::encode(deskmate::Value::map({{"events", events_}, {"bytes", bytes_}})));
  }

 private:
  std::uint64_t last_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

DESKMATE_PLUGIN(Reader, "bench-reader", "1.0.0")
