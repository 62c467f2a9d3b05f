// Scripts that write: what they chose by chance or by the clock, what they did before they failed, in which
// database they did it.
#include <array>

#include "property/replay_patterns.h"

namespace sluice::test {

namespace {

constexpr Pattern kPatterns[] = {
    {"eval", "%script 1 %list %value"},
    {"eval", "%script 1 %key %member"},
    {"evalsha", "%sha 1 %list %value"},
    {"eval_ro", "%reader 1 %key", Effect::kReads},
};

constexpr std::array<std::string_view, 15> kWriters = {
    "redis.call('rpush', KEYS[1], ARGV[1], 'x') return redis.call('lpop', KEYS[1])",
    "redis.call('lpush', KEYS[1], ARGV[1]) redis.call('select', 1) redis.call('sadd', 'set0', ARGV[1])",
    "redis.call('sadd', 'set1', ARGV[1]) return redis.call('spop', 'set1')",
    "redis.call('set', 'string0', ARGV[1], 'px', 50) return redis.call('time')",
    "redis.call('blpop', KEYS[1], 0) return redis.pcall('incr', KEYS[1])",
    "redis.call('rpush', KEYS[1], ARGV[1]) return redis.call('incr', KEYS[1])",
    "for i = 1, 3 do redis.call('rpush', KEYS[1], math.random(100)) end",
    "local m = redis.call('srandmember', 'set0') if m then redis.call('zadd', 'zset0', 1, m) end",
    "local now = redis.call('time') redis.call('hset', 'hash0', 'at', now[1] .. '.' .. now[2])",
    "redis.call('xadd', 'stream0', '*', 'f', ARGV[1]) redis.call('xtrim', 'stream0', 'maxlen', '~', 2)",
    "redis.call('swapdb', 0, 2) redis.call('set', 'string1', ARGV[1]) redis.call('pexpire', 'string1', 90)",
    "redis.call('del', KEYS[1]) redis.call('rpush', KEYS[1], ARGV[1]) redis.call('pexpire', KEYS[1], 200)",
    "redis.call('select', 2) redis.call('copy', KEYS[1], 'list1', 'replace') redis.call('move', 'list1', 0)",
    "#!lua\nreturn redis.call('bzpopmin', 'zset1', 0) or redis.call('getex', 'string0', 'px', 100)",
    "redis.call('incrbyfloat', 'counter0', '0.1') error('after a write')",
};

// Keys that have expired are gone for these, too.
constexpr std::array<std::string_view, 2> kReaders = {
    "return redis.call('type', KEYS[1])",
    "return redis.call('exists', KEYS[1]) + redis.call('dbsize')",
};

}  // namespace

std::span<const Pattern> script_patterns() {
  return kPatterns;
}

std::span<const std::string_view> writing_scripts() {
  return kWriters;
}

std::span<const std::string_view> reading_scripts() {
  return kReaders;
}

}  // namespace sluice::test
