// Result<T>: a value, or the error that took its place. The only way a failure crosses a module; nothing
// throws. An Error carries the text a person (or a client) reads; modules with closed sets of failures use
// their own small enum as E, and one place above turns it into text.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace sluice::base {

struct Error {
  std::string message;
};

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return *checked(); }
  const T& operator*() const& { return *const_cast<Result*>(this)->checked(); }
  T&& operator*() && { return std::move(*checked()); }
  T* operator->() { return checked(); }
  const T* operator->() const { return const_cast<Result*>(this)->checked(); }

  // REQUIRES: !ok().
  [[nodiscard]] const E& error() const {
    SLUICE_CHECK(!ok(), "error() of a Result that holds a value");
    return *std::get_if<1>(&state_);
  }

 private:
  T* checked() {
    SLUICE_CHECK(ok(), "value() of a Result that holds an error");
    return std::get_if<0>(&state_);
  }

  std::variant<T, E> state_;
};

// Success without a value, or an error.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : failed_(true), error_(std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: !ok().
  [[nodiscard]] const E& error() const {
    SLUICE_CHECK(failed_, "error() of a Result that succeeded");
    return error_;
  }

 private:
  bool failed_ = false;
  E error_{};
};

}  // namespace sluice::base
