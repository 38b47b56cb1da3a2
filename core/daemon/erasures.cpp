#include "core/daemon/erasures.hpp"

namespace deskmate::daemon {

Erasures::~Erasures() {
  *alive_ = false;
  if (again_ != 0) loop_.cancel(again_);
}

void Erasures::look() {
  for (const desk::ErasureView& wanted : hooks_.wanted()) {
    if (under_way_.size() >= erasures_at_once) return;  // the next fold of one comes back here
    if (!under_way_.insert(wanted.buyer).second) continue;
    hooks_.destroy(wanted, [this, alive = alive_, buyer = wanted.buyer](std::optional<Keys> keys) {
      if (!*alive) return;
      if (!keys) return ended(buyer, false);
      hooks_.say(buyer, *keys, [this, alive, buyer](bool done) {
        if (*alive) ended(buyer, done);
      });
    });
  }
}

void Erasures::ended(const storage::Id16& buyer, bool done) {
  under_way_.erase(buyer);
  if (done || again_ != 0) return;
  again_ = loop_.call_at(loop_.now_ms() + erase_again_ms, [this] {
    again_ = 0;
    look();
  });
}

}  // namespace deskmate::daemon
