// Reads every byte of the log and says what does not fit: chains, signatures, bodies, keys, gaps,
// arrivals.
#pragma once

#include <functional>

#include "storage/database.hpp"
#include "storage/layout.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

inline constexpr std::size_t faults_max = 100;  // listed; more are not looked for

enum class KeyState { present, erased, missing };
using KeyStateOf = std::function<KeyState(const Id16& key_id)>;

// Works on what was there when it began, in many short reads. Errors are of reading; what is wrong
// with the log goes into the report.
Result<VerifyReport> verify_log(Database& database, const KeyStateOf& key_state);

}  // namespace deskmate::storage
