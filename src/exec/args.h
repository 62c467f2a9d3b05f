// Args: a cursor over a command's arguments that latches the first error, so that a handler reads everything
// and checks once. Reading past the end or a malformed number latches; later reads then return harmless
// zeros. The texts are Redis's. It borrows the arguments: views die when the handler returns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/letters.h"

namespace sluice::exec {

class Args {
 public:
  // `words` holds the command's name (and subcommand's) at the front; the cursor starts behind `skip` of
  // them.
  explicit Args(std::span<const base::ByteView> words, size_t skip = 1) : words_(words), next_(skip) {}

  [[nodiscard]] std::span<const base::ByteView> words() const { return words_; }
  [[nodiscard]] size_t size() const { return words_.size(); }
  [[nodiscard]] base::ByteView at(size_t index) const { return words_[index]; }
  [[nodiscard]] bool more() const { return next_ < words_.size(); }
  [[nodiscard]] size_t left() const { return words_.size() - next_; }
  // Where the cursor stands, as an index into words().
  [[nodiscard]] size_t position() const { return next_; }

  base::ByteView next();
  base::ByteView key() { return next(); }
  [[nodiscard]] base::ByteView peek() const { return more() ? words_[next_] : base::ByteView{}; }
  // Everything that is left.
  std::span<const base::ByteView> rest();
  // The next `count` words; latches a syntax error when there are fewer.
  std::span<const base::ByteView> take(size_t count);

  // Latches "value is not an integer or out of range".
  int64_t integer();
  // As above; then `error` unless min <= value <= max. The answer is within them even then: callers may count
  // on it.
  int64_t integer_between(int64_t min, int64_t max, base::ByteView error);
  // Latches "value is not a valid float".
  double real();
  // A count of keys that follow: greater than 0 and not more than what is left; latches Redis's numkeys
  // errors.
  int64_t numkeys();
  // A blocking timeout: seconds, fractions allowed, rounded up to milliseconds; 0: forever. Latches Redis's
  // errors.
  int64_t timeout_ms();

  // The same in whole milliseconds.
  int64_t whole_timeout_ms();

  // Takes the next word if it is this one, in any case.
  bool accept(base::ByteView word);
  // As accept(), but only when at least `values` words stand behind it (Redis calls the rest a syntax error).
  bool accept_with(base::ByteView word, size_t values = 1);

  void latch(base::ByteView error) {
    if (error_.empty()) error_ = error;
  }
  void syntax_error();
  // Latches a syntax error if words are left: the last call of a handler without trailing arguments.
  void end();

  [[nodiscard]] bool ok() const { return error_.empty(); }
  // The first error, full text with its code. Static storage.
  [[nodiscard]] base::ByteView error() const { return error_; }

 private:
  std::span<const base::ByteView> words_;
  size_t next_;
  base::ByteView error_;
};

using base::same_word;  // every handler compares words in any case

}  // namespace sluice::exec
