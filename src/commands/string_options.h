// The words with which commands on strings say when a key goes: EX PX EXAT PXAT, KEEPTTL and PERSIST, read
// and turned into a moment. Which of them a command takes is its own matter. Views in here are arguments;
// nothing is owned.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "exec/call.h"

namespace sluice::commands {

struct ExpiryWords {
  enum class Time : uint8_t { kNone, kEx, kPx, kExAt, kPxAt };
  bool keep_ttl = false;
  bool persist = false;
  Time time = Time::kNone;
  base::ByteView amount = {};  // of `time`, as given

  [[nodiscard]] bool seconds() const { return time == Time::kEx || time == Time::kExAt; }
  [[nodiscard]] bool relative() const { return time == Time::kEx || time == Time::kPx; }
};

// Takes EX, PX, EXAT or PXAT with its amount if it stands next. Each may be repeated, but not mixed with
// another, nor with KEEPTTL or PERSIST.
bool accept_time(exec::Args& args, ExpiryWords& words);
// The same for those two, of which a command knows one.
bool accept_keep_ttl(exec::Args& args, ExpiryWords& words);
bool accept_persist(exec::Args& args, ExpiryWords& words);

// The moment that the words ask for, in unix milliseconds, or the text of an error. REQUIRES: they ask for
// one.
base::Result<int64_t> deadline_of(const exec::Call& call, const ExpiryWords& words);

}  // namespace sluice::commands
