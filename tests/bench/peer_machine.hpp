// Two peers for the measurements: a real store, replication and TLS links each, on a thread of its
// own, as the daemon puts them together but without the fold; and a line between them that is slow
// and far.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/peer/link.hpp"
#include "core/peer/store_adapter.hpp"
#include "storage/store.hpp"
#include "tests/bench/wire.hpp"

namespace deskmate::bench {

// The value, or a measurement that cannot be made.
template <typename T>
T good(storage::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

class PeerMachine {
 public:
  explicit PeerMachine(std::unique_ptr<storage::Store> store);
  ~PeerMachine();
  PeerMachine(const PeerMachine&) = delete;
  PeerMachine& operator=(const PeerMachine&) = delete;

  const storage::Id32& id() const { return id_; }
  peer::Address address() const { return address_; }
  storage::Store& store() { return *store_; }
  // Dials `to` where it is there to be dialled; empty: waits for it.
  void know(const storage::Id32& id, const std::vector<peer::Address>& to);
  // From any thread; what was asked of the loop is waited for.
  std::uint64_t acked_by(const storage::Id32& id);
  bool sees(const storage::Id32& id);
  // An own event, until it is on disk.
  void append(std::vector<storage::NewEvent> events);
  std::uint64_t has(const storage::LogName& log) const;

 private:
  void on_loop(const std::function<void()>& work);
  void work();
  void link(std::unique_ptr<peer::Carrier> carrier);
  void tick();
  peer::Now now() const;

  std::unique_ptr<storage::Store> store_;
  storage::Id32 id_{};
  peer::Address address_;
  boost::asio::io_context context_;
  bus::AsioLoop loop_{context_};
  boost::asio::thread_pool pool_{1};
  std::unique_ptr<peer::StoreAdapter> adapter_;
  std::unique_ptr<peer::Replica> replica_;
  std::map<peer::LinkId, std::unique_ptr<peer::Carrier>> carriers_;
  std::vector<std::unique_ptr<peer::Carrier>> ended_;
  std::unique_ptr<peer::Links> links_;
  peer::LinkId last_link_ = 0;
  bool working_ = false;
  std::thread thread_;
};

// Takes connections at address() and passes them on to `to`, each way so many bytes a second and so
// much later.
class SlowLine {
 public:
  SlowLine(std::uint16_t to, double bytes_per_s, double delay_s);
  ~SlowLine();
  SlowLine(const SlowLine&) = delete;
  SlowLine& operator=(const SlowLine&) = delete;
  peer::Address address() const { return {"127.0.0.1", port_}; }

 private:
  void run();
  std::uint16_t to_;
  double bytes_per_s_;
  double delay_s_;
  std::uint16_t port_ = 0;
  Fd listener_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace deskmate::bench
