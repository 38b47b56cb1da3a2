#include "core/peer/channel.hpp"

#include <algorithm>
#include <array>
#include <deskmate/value.hpp>
#include <stdexcept>
#include <utility>

namespace deskmate::peer {
namespace {

constexpr std::size_t record_header_bytes = 5;
constexpr char handshake_record = 22;

std::string goodbye_of(const Error& why) {
  return encode(Value::map({{"code", static_cast<int>(why.code)},
                            {"why", std::string_view(why.message).substr(0, reason_bytes_max)}}));
}

Error said(std::string_view goodbye) {
  const auto read = decode(goodbye);
  if (!read) return {Status::invalid, "a goodbye that cannot be read", "goodbye"};
  const auto code = (*read)["code"].as_int();
  std::string why;
  for (const char c : (*read)["why"].as_str().substr(0, reason_bytes_max)) {
    why += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  const bool known = code < 0 && code >= static_cast<int>(Status::internal);
  return {known ? static_cast<Status>(code) : Status::unavailable, "the other side closed: " + why,
          "remote"};
}

}  // namespace

Channel::Channel(bus::AsioLoop& loop, std::shared_ptr<const TlsContext> context,
                 std::unique_ptr<Stream> stream, TlsSide side, std::string alpn,
                 TlsSession::Accept accept, const ChannelTimes& times)
    : loop_(loop),
      context_(std::move(context)),
      stream_(std::move(stream)),
      side_(side),
      alpn_(std::move(alpn)),
      accept_(std::move(accept)),
      times_(times),
      address_(stream_->remote()) {}

Channel::~Channel() {
  if (timer_ != 0) loop_.cancel(timer_);
}

void Channel::start(Callbacks callbacks, std::string_view already) {
  set_callbacks(std::move(callbacks));
  extend(times_.stranger_ms);
  const std::weak_ptr<Channel> weak = weak_from_this();
  Stream::Callbacks of_stream;
  of_stream.on_bytes = [weak](std::string_view bytes) {
    if (const auto self = weak.lock()) self->on_bytes(bytes);
  };
  of_stream.on_closed = [weak](const Error& why) {
    if (const auto self = weak.lock()) self->fail(why);
  };
  of_stream.on_drained = [weak] {
    if (const auto self = weak.lock()) self->on_stream_drained();
  };
  stream_->start(std::move(of_stream));
  if (side_ == TlsSide::client) {
    tls_.emplace(*context_, side_, alpn_, accept_);
    stream_->send(tls_->take_output());
  }
  if (already.empty()) return;
  loop_.post([weak, bytes = std::string(already)] {
    if (const auto self = weak.lock(); self && self->stream_) self->on_bytes(bytes);
  });
}

void Channel::set_callbacks(Callbacks callbacks) {
  auto fresh = std::make_shared<Callbacks>(std::move(callbacks));
  callbacks_.swap(fresh);
}

void Channel::extend(std::uint64_t stranger_ms) {
  if (timer_ != 0) loop_.cancel(timer_);
  timer_ = loop_.call_at(loop_.now_ms() + stranger_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->timer_ = 0;
    self->fail({Status::deadline, "took too long to say who it is", "stranger"});
  });
}

void Channel::trust() {
  if (std::exchange(trusted_, true) || stream_ == nullptr) return;
  stream_->read_more();
  heard_ms_ = said_ms_ = loop_.now_ms();
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  tick();
}

void Channel::tick() {
  const std::uint64_t now = loop_.now_ms();
  if (!paused_ && now - heard_ms_ >= times_.silence_ms) {
    return fail({Status::deadline, "fell silent", "silence"});
  }
  if (now - said_ms_ >= times_.beat_ms) send(FrameKind::beat, {});
  timer_ = loop_.call_at(now + std::max<std::uint64_t>(times_.beat_ms / 2, 1),
                         [weak = weak_from_this()] {
                           const auto self = weak.lock();
                           if (!self) return;
                           self->timer_ = 0;
                           if (self->stream_) self->tick();
                         });
}

// Whether to go on: the first bytes of a stranger are the whole first message of TLS.
bool Channel::greets(std::string_view bytes) {
  first_ += bytes;
  if (first_[0] != handshake_record) {
    fail({Status::invalid, "did not begin with TLS", "tls"});
    return false;
  }
  if (first_.size() < record_header_bytes) return false;
  const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(first_[3])) << 8 |
                             static_cast<unsigned char>(first_[4]);
  if (record_header_bytes + length > stranger_bytes_max) {
    fail({Status::limit, "a first message that is too long", "stranger"});
    return false;
  }
  return first_.size() >= record_header_bytes + length;
}

void Channel::on_bytes(std::string_view bytes) {
  heard_ms_ = loop_.now_ms();
  if (!trusted_) {
    received_ += bytes.size();
    if (received_ > stranger_bytes_max) {
      return fail({Status::limit, "sent more than a stranger may", "stranger"});
    }
  }
  std::string held;
  if (!tls_) {
    if (!greets(bytes)) return;
    held = std::exchange(first_, {});
    bytes = held;
    tls_.emplace(*context_, side_, alpn_, accept_);
  }
  std::string plain;
  const auto fed = tls_->feed(bytes, plain);
  const std::string answer = tls_->take_output();
  if (!answer.empty()) stream_->send(answer);
  if (tls_->established() && !std::exchange(ready_, true)) {
    const auto callbacks = callbacks_;
    callbacks->on_ready();
    if (stream_ == nullptr) return;
    if (out_begin_ < out_.size()) plan_flush();
  }
  if (!plain.empty()) {
    reader_.feed(plain);
    deliver();
  }
  if (!fed && stream_ != nullptr) fail(fed.error());
}

void Channel::deliver() {
  if (delivering_) return;
  delivering_ = true;
  while (stream_ != nullptr && !paused_) {
    const auto frame = reader_.next();
    if (!frame) {
      fail(frame.error());
      break;
    }
    if (!*frame) break;
    const auto kind = static_cast<FrameKind>((**frame)[0]);
    const std::string_view bytes = (**frame).substr(1);
    if (kind == FrameKind::beat) continue;
    if (kind == FrameKind::goodbye) {
      fail(said(bytes));
      break;
    }
    const auto callbacks = callbacks_;
    callbacks->on_frame(kind, bytes);
  }
  delivering_ = false;
}

void Channel::send(FrameKind kind, std::string_view bytes) {
  if (bytes.size() > frame_bytes_max) throw std::logic_error("a frame beyond frame_bytes_max");
  if (stream_ == nullptr) return;
  const auto length = static_cast<std::uint32_t>(bytes.size() + 1);
  for (int shift = 24; shift >= 0; shift -= 8) out_ += static_cast<char>(length >> shift & 0xffu);
  out_ += static_cast<char>(kind);
  out_ += bytes;
  said_ms_ = loop_.now_ms();
  plan_flush();
}

std::size_t Channel::unsent_bytes() const {
  return out_.size() - out_begin_ + (stream_ ? stream_->unsent_bytes() : 0);
}

// Once per turn of the loop, however many frames it brings.
void Channel::plan_flush() {
  if (std::exchange(flush_planned_, true)) return;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->flush_planned_ = false;
    self->flush();
  });
}

void Channel::flush() {
  if (stream_ == nullptr || !ready_ || out_begin_ == out_.size()) return;
  if (unsent_bytes() > unsent_bytes_max) {
    return fail({Status::limit, "does not read what is sent", "unsent"});
  }
  if (stream_->unsent_bytes() > encrypt_bytes) return;  // when that has gone out
  const std::size_t size = std::min(encrypt_bytes, out_.size() - out_begin_);
  const auto written = tls_->write(std::string_view(out_).substr(out_begin_, size));
  out_begin_ += size;
  if (out_begin_ == out_.size()) {
    out_.clear();
    out_begin_ = 0;
    if (out_.capacity() > encrypt_bytes) out_.shrink_to_fit();
  }
  if (!written) return fail(written.error());
  stream_->send(tls_->take_output());
}

void Channel::on_stream_drained() {
  if (stream_ == nullptr) return;
  if (out_begin_ < out_.size()) return flush();
  const auto callbacks = callbacks_;
  if (ready_ && callbacks->on_drained) callbacks->on_drained();
}

void Channel::pause(bool paused) {
  if (stream_ == nullptr || paused_ == paused) return;
  paused_ = paused;
  heard_ms_ = loop_.now_ms();
  if (paused) return stream_->pause(true);
  // What was read before comes first.
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->stream_ || self->paused_) return;
    self->deliver();
    if (self->stream_ && !self->paused_) self->stream_->pause(false);
  });
}

void Channel::close(const Error& why) {
  if (stream_ == nullptr) return;
  if (ready_) {
    send(FrameKind::goodbye, goodbye_of(why));
    if (tls_->write(std::string_view(out_).substr(out_begin_))) tls_->finish();
    stream_->send(tls_->take_output());
  }
  stop();
}

void Channel::drop() {
  if (stream_ != nullptr) stop();
}

void Channel::stop() {
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  callbacks_ = std::make_shared<Callbacks>();
  if (tls_) stream_->finish();  // others get nothing to read
  stream_.reset();
}

void Channel::fail(const Error& why) {
  if (stream_ == nullptr) return;
  const auto self = shared_from_this();
  const auto callbacks = callbacks_;
  // What is wrong with the other's bytes is told to it, where TLS is up to that.
  if (ready_ && why.where != "remote" &&
      (why.code == Status::invalid || why.code == Status::limit)) {
    close(why);
  } else {
    stop();
  }
  if (callbacks->on_closed) callbacks->on_closed(why);
}

}  // namespace deskmate::peer
