// What the owner's methods answer: the desk's views as maps with stable keys, ids as 32 hex digits,
// texts and names out of the sealed bodies. README.md lists the keys. Loop thread.
#pragma once

#include <deskmate/value.hpp>

#include "core/daemon/bodies.hpp"
#include "core/desk/desk.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::daemon {

class Present {
 public:
  Present(const Bodies& bodies, desk::Language language) : bodies_(bodies), language_(language) {}

  Value member(const desk::MemberView& member) const;
  Value chat_row(const desk::ChatRow& chat) const;
  Value chat(const desk::ChatView& chat) const;
  Value order(const desk::OrderView& order) const;
  Value request(const desk::RequestView& request) const;
  Value plugin(const host::InstanceStatus& plugin) const;
  Value event_text(const desk::Entry& entry) const;

 private:
  Value parcel(const desk::ParcelView& parcel) const;
  Value account(const desk::AccountView& account) const;

  const Bodies& bodies_;
  desk::Language language_;
};

std::string hex(const storage::Id16& id);
std::optional<storage::Id16> id_from_hex(std::string_view text);
std::optional<storage::Hash32> hash_from_hex(std::string_view text);

}  // namespace deskmate::daemon
