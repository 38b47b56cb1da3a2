#include "shop_sample.hpp"

namespace deskmate::sample {

Result<void> ShopSample::begin(Session& desk) {
  Options options;
  options.seed = desk.setting<std::uint64_t>("seed", options.seed);
  options.buyers = desk.setting<std::uint32_t>("buyers", options.buyers);
  options.messages_per_hour =
      desk.setting<std::uint32_t>("messages_per_hour", options.messages_per_hour);
  options.quick = desk.setting<bool>("quick", options.quick);
  options.tour = desk.setting<std::string>("tour", options.tour);
  options.odd_orders = desk.setting<bool>("odd_orders", options.odd_orders);
  if (!options.tour.empty() && options.tour != "en" && options.tour != "zh") {
    return Error{Status::invalid, "tour is en or zh / tour 只能是 en 或 zh", "tour"};
  }
  auto loaded = World::load(options, [&](const std::string& key) { return desk.kv_get(key); });
  if (!loaded) return loaded.error();
  if (loaded->has_value()) {
    world_ = std::move(**loaded);
    return {};
  }
  world_ = World::fresh(options, desk.now_ms());
  return keep(desk);
}

Result<void> ShopSample::poll(Session& desk) {
  if (!world_) {
    if (auto begun = begin(desk); !begun) return begun;
  }
  world_->advance(desk.now_ms());
  world_->refund_in_admin(desk.setting<std::string>("refunds_in_admin", ""), desk.now_ms());
  // Kept before told: after a crash the same news are told again, and the desk knows them.
  if (auto kept = keep(desk); !kept) return kept;
  const auto news = world_->news(desk.instance());
  if (news.empty()) return {};
  if (const auto appended = desk.append(news); !appended) return appended.error();
  world_->told();
  return keep(desk);
}

Outcome ShopSample::perform(Session& desk, const Action& action) {
  if (!world_) {
    if (auto begun = begin(desk); !begun) return Outcome::failed("offline", "no store", true);
  }
  Outcome outcome = world_->perform(action, desk.now_ms());
  if (!outcome.is_done()) return outcome;
  if (auto kept = keep(desk); !kept) return kept.error();
  poll_soon();
  return outcome;
}

Found ShopSample::look_up(Session& desk, const Action& action) {
  if (!world_) {
    if (auto begun = begin(desk); !begun) return begun.error();
  }
  return world_->look_up(action);
}

Tail ShopSample::tail(Session& desk, const Thread& thread) {
  if (!world_) {
    if (auto begun = begin(desk); !begun) return begun.error();
  }
  return world_->tail(thread);
}

Claim ShopSample::claim(Session& desk, const Thread& thread) {
  if (!world_) {
    if (auto begun = begin(desk); !begun) return begun.error();
  }
  Claim claim = world_->claim(thread);
  if (auto kept = keep(desk); !kept) return kept.error();
  return claim;
}

std::uint32_t ShopSample::poll_every_ms(Session& desk) {
  return desk.setting<std::uint32_t>("poll_ms", 1'000);
}

Result<void> ShopSample::keep(Session& desk) {
  for (const auto& [key, bytes] : world_->records()) {
    if (auto put = desk.kv_put(key, bytes); !put) {
      world_.reset();
      return put;
    }
  }
  return {};
}

}  // namespace deskmate::sample
