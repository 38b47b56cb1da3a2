// A shop's log for measurements: conversations as a real desk writes them, always the same for the
// same size.
//
//   const std::string folder = shop_folder(1'000'000);   // made once, then kept in the build
//   folder Shop shop(pseudonyms, log, 1'000'000, 1'000'000);    // what comes after those events
//
// One conversation is ten events: the buyer writes, is assigned, gets a reply (requested,
// attempted, done), writes again, gets another reply, and the chat is closed. A few dozen run
// beside each other. Four of the ten have a body, of payload_bytes; a buyer comes back after fifty
// events.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/daemon/intake.hpp"
#include "core/daemon/pseudonym.hpp"
#include "storage/store.hpp"

namespace deskmate::bench {

inline constexpr std::uint64_t conversation_events = 10;
inline constexpr std::uint64_t buyer_events = 50;      // a buyer for so many events
inline constexpr std::size_t conversations_open = 32;  // at once
inline constexpr std::uint64_t event_ms = 2'000;       // between two events of the shop
inline constexpr std::uint32_t shop_members = 3;

// The shop's day, event by event. One thread.
class Shop {
 public:
  // `before` events are in the log already, of a shop of that size: what follows is by its buyers.
  // An event's id follows from its place, so the events go into `log` one by one in this order.
  Shop(const daemon::Pseudonyms& pseudonyms, const storage::LogName& log, std::uint64_t before,
       std::uint64_t size);

  // The next event, stamped.
  storage::NewEvent next();
  std::uint64_t made() const { return made_; }
  std::uint64_t now_ms() const;  // of the next event

  // A buyer's message as a connector appends it: the words of conversation `number`.
  Value message(std::uint64_t number, std::uint32_t turn) const;
  // An answer to conversation `number`, as an owner's command makes it.
  storage::NewEvent reply(std::uint64_t number, std::uint32_t turn) const;

  // Ids as they stand in facts.
  storage::Id16 chat_of(std::uint64_t number) const;
  storage::Id16 buyer_of(std::uint64_t number) const;
  std::string address_of(std::uint64_t number) const;

  // The first events of every shop: its members, who are there.
  static std::vector<storage::NewEvent> members();

 private:
  struct Conversation {
    std::uint64_t number = 0;
    std::uint32_t step = 0;
    storage::Id16 request{};  // the reply under way
    storage::Id16 opening{};
  };
  storage::NewEvent step(Conversation& conversation);
  storage::NewEvent plain(const char* type, const Value& facts) const;

  const daemon::Pseudonyms& pseudonyms_;
  storage::LogName log_;
  std::uint64_t made_;
  std::uint64_t conversations_;
  std::uint64_t buyers_;
  std::deque<Conversation> open_;
};

// A folder with so many events and the tables that follow from them. It is kept beside the build
// and not to be written to: see copy_folder. Throws where it cannot be made.
std::string shop_folder(std::uint64_t events);

// A copy that goes with its owner.
class FolderCopy {
 public:
  explicit FolderCopy(const std::string& from);
  ~FolderCopy();
  FolderCopy(const FolderCopy&) = delete;
  FolderCopy& operator=(const FolderCopy&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Opens a folder; throws what it says otherwise.
std::unique_ptr<storage::Store> open_store(const std::string& folder);

void clear_tables(storage::Store& store);

// Until its writer has done what it was asked for so far, and told so.
void wait_for_writer(storage::Store& store);
// Folds what the tables lack and writes them: the way of a daemon's start and of its work.
void bring_up_to_date(storage::Store& store);

// Bytes of bodies before sealing among so many events.
std::uint64_t body_bytes(std::uint64_t events);

}  // namespace deskmate::bench
