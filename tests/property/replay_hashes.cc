// Hashes.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"hset", "%hash %member %value"},
    {"hset", "%hash %member %value %member %value %member %int"},
    {"hmset", "%hash %member %value"},
    {"hmset", "%hash %member %int %member %value"},
    {"hsetnx", "%hash %member %value"},
    {"hdel", "%hash %member %member"},
    {"hdel", "%hash m0 m1 m2 m3 m4 m5 m6 m7", Effect::kLessens},
    {"hincrby", "%hash %member %int"},
    {"hincrbyfloat", "%hash %member %float"},
    {"hexpire", "%hash %seconds FIELDS 2 %member %member", Effect::kLessens},
    {"hexpire", "%hash %seconds NX FIELDS 1 %member", Effect::kLessens},
    {"hexpireat", "%hash %at FIELDS 1 %member", Effect::kLessens},
    {"hexpireat", "%hash %at GT FIELDS 2 %member %member"},
    {"hpexpire", "%hash %millis FIELDS 3 %member %member %member", Effect::kLessens},
    {"hpexpire", "%hash %millis XX FIELDS 2 %member %member"},
    {"hpexpireat", "%hash %millis_at FIELDS 2 %member %member", Effect::kLessens},
    {"hpexpireat", "%hash %millis_at LT FIELDS 2 %member %member", Effect::kLessens},
    {"hpersist", "%hash FIELDS 2 %member %member"},
    {"hsetex", "%hash FIELDS 2 %member %value %member %int"},
    {"hsetex", "%hash FNX EX %seconds FIELDS 1 %member %value"},
    {"hsetex", "%hash PX %millis FIELDS 2 %member %value %member %value"},
    {"hsetex", "%hash FXX PXAT %millis_at FIELDS 1 %member %int"},
    {"hsetex", "%hash PX %millis %wide_hash", Effect::kLessens},
    {"hsetex", "%hash KEEPTTL FIELDS 2 %member %value %member %value"},
    {"hgetex", "%hash PX %millis FIELDS 2 %member %member", Effect::kLessens},
    {"hgetex", "%hash EXAT %at FIELDS 1 %member", Effect::kLessens},
    {"hgetex", "%hash PERSIST FIELDS 2 %member %member"},
    {"hgetdel", "%hash FIELDS 2 %member %member"},
    {"httl", "%hash FIELDS 1 %member", Effect::kReads},
    {"hlen", "%hash", Effect::kReads},
    {"hget", "%hash %member", Effect::kReads},
    {"hgetall", "%hash", Effect::kReads},
    {"hrandfield", "%hash", Effect::kReads},
};

}  // namespace

std::span<const Pattern> hash_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
