// Keys of any type: names, databases, expiry; and what finds expired keys by reading.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"copy", "%key %key"},
    {"copy", "%key %key REPLACE"},
    {"copy", "%key %key DB %db"},
    {"copy", "%key %key DB %db REPLACE"},
    {"del", "%key", Effect::kLessens},
    {"del", "%key %key %key", Effect::kLessens},
    {"unlink", "%key %key", Effect::kLessens},
    {"move", "%key %db", Effect::kLessens},
    {"rename", "%key %key"},
    {"renamenx", "%key %key"},
    {"restore", "%key 0 %dump"},
    {"restore", "%key %millis %dump", Effect::kLessens},
    {"restore", "%key 0 %dump REPLACE", Effect::kLessens},
    {"restore", "%key %millis_at %dump REPLACE ABSTTL IDLETIME 5", Effect::kLessens},
    {"dump", "%key", Effect::kReads},
    {"persist", "%key"},
    {"expire", "%key %seconds", Effect::kLessens},
    {"expire", "%key %seconds NX", Effect::kLessens},
    {"expire", "%key %seconds XX"},
    {"expire", "%key %seconds GT"},
    {"expire", "%key %seconds LT", Effect::kLessens},
    {"pexpire", "%key %millis", Effect::kLessens},
    {"pexpire", "%key %millis NX", Effect::kLessens},
    {"pexpire", "%key %millis XX"},
    {"pexpire", "%key %millis GT"},
    {"pexpire", "%key %millis LT", Effect::kLessens},
    {"expireat", "%key %at", Effect::kLessens},
    {"expireat", "%key %at NX", Effect::kLessens},
    {"expireat", "%key %at XX"},
    {"expireat", "%key %at GT"},
    {"expireat", "%key %at LT", Effect::kLessens},
    {"pexpireat", "%key %millis_at", Effect::kLessens},
    {"pexpireat", "%key %millis_at NX", Effect::kLessens},
    {"pexpireat", "%key %millis_at XX GT"},
    {"pexpireat", "%key %millis_at XX LT", Effect::kLessens},
    {"sort", "%list ALPHA STORE %key", Effect::kLessens},
    {"sort", "%set ALPHA DESC LIMIT 0 %count STORE %list"},
    {"sort", "%set BY nosort GET # GET string* STORE %list"},
    {"sort", "%set ALPHA BY counter* STORE %list"},
    {"sort", "%zset BY nosort DESC LIMIT 1 3 STORE %list"},
    {"sort", "%zset ALPHA STORE %zset", Effect::kLessens},
    {"sort", "%list ALPHA BY hash*->%member STORE %list"},
    {"sort", "%list BY nosort GET hash*->%wide_member GET # STORE %list"},
    {"flushdb", "", Effect::kLessens},
    {"flushdb", "ASYNC", Effect::kLessens},
    {"flushall", "SYNC", Effect::kLessens},
    {"flushall", "ASYNC", Effect::kLessens},
    {"swapdb", "%db %db", Effect::kLessens},
    {"debug", "POPULATE 3 %string %count", Effect::kLessens},
    {"exists", "%key %key", Effect::kReads},
    {"touch", "%key", Effect::kReads},
    {"type", "%key", Effect::kReads},
    {"pttl", "%key", Effect::kReads},
    {"object|encoding", "%key", Effect::kReads},
    {"keys", "*", Effect::kReads},
    {"scan", "0", Effect::kReads},
    {"sort_ro", "%set ALPHA", Effect::kReads},
    {"randomkey", "", Effect::kReads},
    {"dbsize", "", Effect::kReads},
};

}  // namespace

std::span<const Pattern> key_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
