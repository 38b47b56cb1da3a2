// What the owner's methods answer: the desk's views as maps with stable keys, ids as 32 hex digits,
// texts and names out of the sealed bodies. README.md lists the keys. Loop thread.
#pragma once

#include <deskmate/value.hpp>

#include "core/daemon/bodies.hpp"
#include "core/desk/desk.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::daemon {

Array texts(const std::vector<std::string>& list);

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
  // present_words.cpp
  Value promise(const desk::PromiseView& promise) const;
  Value question(const desk::QuestionView& question) const;
  // present_cases.cpp
  Value about_case(const desk::CaseView& view) const;
  Value case_detail(const desk::CaseDetail& detail) const;
  Value call(const desk::CallView& call) const;
  Value missed(const desk::MissedView& missed) const;
  // present_money.cpp
  Value offer(const desk::OfferView& offer) const;
  static Value purse(const desk::PurseView& purse);
  static Value limit(const desk::LimitView& limit);
  static Value outside(const desk::OutsideView& refund);
  static Value money_ledger(const desk::MoneyLedger& ledger);
  // present_parcels.cpp
  Value parcel(const desk::ParcelView& parcel) const;
  Value parcel_detail(const desk::ParcelDetail& detail) const;
  static Value listeners(const std::vector<desk::ListenerView>& listeners);

 private:
  Value case_line(const desk::CaseLineView& line) const;
  void add_call(Value& out, const desk::CallView& call) const;
  // The attachments that a body names.
  static void add_files(Value& out, const Value& body);
  // The text of an event's body, and whether it is erased or awaited.
  void add_text(Value& out, const desk::EventRef& ref) const;
  void add_about(Value& out, const desk::Entry& entry) const;
  Value account(const desk::AccountView& account) const;

  const Bodies& bodies_;
  desk::Language language_;
};

// Keys without a value are left out.
template <class T>
void set_id(Value& out, const char* key, const std::optional<T>& id);
void set_text(Value& out, const char* key, std::string_view text);
void set_time(Value& out, const char* key, std::uint64_t ms);

std::string hex(const storage::Id16& id);
std::optional<storage::Id16> id_from_hex(std::string_view text);
std::optional<storage::Hash32> hash_from_hex(std::string_view text);

template <class T>
void set_id(Value& out, const char* key, const std::optional<T>& id) {
  if (id) out[key] = hex(*id);
}

}  // namespace deskmate::daemon
