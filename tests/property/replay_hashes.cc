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
    {"hget", "%hash %member", Effect::kReads},
    {"hgetall", "%hash", Effect::kReads},
    {"hrandfield", "%hash", Effect::kReads},
};

}  // namespace

std::span<const Pattern> hash_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
