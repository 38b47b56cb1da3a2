// The shop's admin API: GraphQL over HTTP, logged in.
//
//   Api api;
//   Result<json::object> data = api.ask(desk, "query($id: ID!) { order(id: $id) { code } }",
//                                       {{"id", "7"}}, Api::Kind::read);
//
// Logs in when it has to, and again when the session has expired. What Vendure refuses it says in
// a union under HTTP 200: ask for `... on ErrorResult { errorCode message }` and look with refusal.
//
// Errors, by what they mean for an action: denied, invalid, not_found: nothing happened, and a
// repeat would end the same. limit: nothing happened, later it may. unavailable, internal,
// deadline: whatever was asked for may have happened.
//
// One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "deskmate/session.hpp"
#include "plugins/shop-vendure/answer.hpp"

namespace deskmate::shop_vendure {

// Error::where of a limit that is the shop's own, not the length of an answer.
extern const char* const where_rate;

inline constexpr std::uint32_t read_retries = 2;
inline constexpr std::uint32_t http_timeout_ms = 30'000;

// The admin API's address for what the owner set: with or without a slash or /admin-api at its end.
std::string admin_url(std::string setting);

class Api {
 public:
  enum class Kind { read, write };  // a write is sent at most once

  // The members of "data".
  Result<json::object> ask(Session& desk, std::string_view query, const json::object& variables,
                           Kind kind);

  // Logs in anew.
  Result<void> login(Session& desk);

 private:
  struct Answer {
    int status = 0;
    json::value body;
    std::string token;
  };
  Result<Answer> post(Session& desk, std::string_view query, const json::object& variables,
                      Kind kind);

  std::string token_;
};

// What the shop refused: its code in lower case ("order_state_transition_error") and its reason.
struct Refusal {
  std::string code;
  std::string message;
};

// The refusal that this result of a mutation is, if it is one.
std::optional<Refusal> refusal(const Field& result);

}  // namespace deskmate::shop_vendure
