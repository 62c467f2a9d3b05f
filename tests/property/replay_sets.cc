// Sets, and what is stored from several.
#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"sadd", "%set %member %member %int"},
    {"sadd", "%set %int %int"},
    {"sadd", "%set %value"},
    {"srem", "%set %member %int"},
    {"srem", "%set m0 m1 m2 m3 m4 m5 m6 m7", Effect::kLessens},
    {"spop", "%set"},
    {"spop", "%set %count"},
    {"spop", "%set 100", Effect::kLessens},
    {"smove", "%set %set %member"},
    {"sunionstore", "%set %set %set"},
    {"sunionstore", "%key %set", Effect::kLessens},
    {"sinterstore", "%set %set %set", Effect::kLessens},
    {"sinterstore", "%key %set", Effect::kLessens},
    {"sdiffstore", "%set %set %set"},
    {"sdiffstore", "%key %set", Effect::kLessens},
    {"smembers", "%set", Effect::kReads},
    {"srandmember", "%set 3", Effect::kReads},
    {"sunion", "%set %set", Effect::kReads},
};

}  // namespace

std::span<const Pattern> set_patterns() {
  return kPatterns;
}

}  // namespace sluice::test
