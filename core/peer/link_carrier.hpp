// The carrier over one channel, and the hook by which the links reach it: either may go first.
#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include "core/peer/carrier.hpp"
#include "core/peer/channel.hpp"

namespace deskmate::peer {

// Shared by the links and the carrier. carrier is null once nobody is to be called any more.
struct CarrierHook {
  Carrier* carrier = nullptr;
  std::function<void()> given_up;  // the carrier was closed or destroyed by whoever has it

  // The callbacks may destroy the carrier, so each runs outside of it.
  void frame(std::string_view bytes) { call(&Carrier::on_frame, bytes); }
  void drained() { call(&Carrier::on_drained); }
  void closed(const Error& why) {
    Carrier* of = std::exchange(carrier, nullptr);
    if (of == nullptr) return;
    const auto on_closed = std::move(of->on_closed);
    if (on_closed) on_closed(why);
  }

 private:
  template <class Function, class... Arguments>
  void call(Function Carrier::*member, const Arguments&... arguments) {
    if (carrier == nullptr || !(carrier->*member)) return;
    Function work = std::move(carrier->*member);
    carrier->*member = nullptr;
    work(arguments...);
    // Still there, and not given another one meanwhile.
    if (carrier != nullptr && !(carrier->*member)) carrier->*member = std::move(work);
  }
};

class LinkCarrier : public Carrier {
 public:
  LinkCarrier(bus::AsioLoop& loop, std::shared_ptr<Channel> channel)
      : loop_(loop), channel_(std::move(channel)), hook_(std::make_shared<CarrierHook>()) {
    hook_->carrier = this;
  }
  ~LinkCarrier() override { close({Status::cancelled, "closed", "carrier"}); }
  LinkCarrier(const LinkCarrier&) = delete;
  LinkCarrier& operator=(const LinkCarrier&) = delete;

  std::shared_ptr<CarrierHook> hook() const { return hook_; }

  void send(std::string frame) override {
    if (frame.empty()) throw std::logic_error("an empty frame");
    channel_->send(FrameKind::payload, frame);
  }

  void close(const Error& why) override {
    if (std::exchange(hook_->carrier, nullptr) == nullptr) return;
    channel_->close(why);
    const auto given_up = std::move(hook_->given_up);
    if (given_up) loop_.post(given_up);
  }

  std::size_t unsent_bytes() const override { return channel_->unsent_bytes(); }
  void pause(bool paused) override { channel_->pause(paused); }
  PeerId remote() const override { return channel_->remote(); }

 private:
  bus::AsioLoop& loop_;
  std::shared_ptr<Channel> channel_;
  std::shared_ptr<CarrierHook> hook_;
};

}  // namespace deskmate::peer
