// Errors as values for plugins: Result<T> holds a T or an Error. Needs nothing but the standard
// library, so that a plugin's author is not made to use ours.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "deskmate/abi.h"

namespace deskmate {

// dm_status with names; the numbers are the ABI's.
enum class Status : std::int32_t {
  ok = DM_OK,
  invalid = DM_INVALID,
  denied = DM_DENIED,
  not_found = DM_NOT_FOUND,
  limit = DM_LIMIT,
  deadline = DM_DEADLINE,
  cancelled = DM_CANCELLED,
  unavailable = DM_UNAVAILABLE,
  internal = DM_INTERNAL,
};

// "deadline", for logs and tests. Static storage.
const char* to_string(Status status);

// code is for programs; message says what and where, for the owner, without buyer data or secrets;
// where names the field or method, if there is one.
struct Error {
  Status code = Status::internal;
  std::string message;
  std::string where;

  bool operator==(const Error&) const = default;
};

// A T or an Error. value() of an error throws std::logic_error: a bug of whoever did not look.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  bool has_error() const { return !has_value(); }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(), std::get<0>(state_); }
  const T& value() const& { return checked(), std::get<0>(state_); }
  T&& value() && { return checked(), std::get<0>(std::move(state_)); }
  T value_or(T otherwise) const& { return has_value() ? value() : std::move(otherwise); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    if (has_value()) throw std::logic_error("error() of a result without one");
    return *std::get_if<1>(&state_);
  }

 private:
  void checked() const {
    if (const auto* error = std::get_if<1>(&state_)) throw std::logic_error(error->message);
  }

  std::variant<T, Error> state_;
};

// Nothing or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : failed_(true), error_(std::move(error)) {}

  bool has_value() const { return !failed_; }
  bool has_error() const { return failed_; }
  explicit operator bool() const { return !failed_; }

  void value() const {
    if (failed_) throw std::logic_error(error_.message);
  }

  const Error& error() const {
    if (!failed_) throw std::logic_error("error() of a result without one");
    return error_;
  }

 private:
  bool failed_ = false;
  Error error_;
};

}  // namespace deskmate
