#include "property/write_patterns.h"

#include <array>

namespace sluice::test {

namespace {

constexpr Pattern kKeys[] = {
    {"copy", "%key %key"},
    {"copy", "%key %key REPLACE"},
    {"copy", "%key %key DB %db REPLACE"},
    {"del", "%key"},
    {"del", "%key %key %key"},
    {"unlink", "%key %key"},
    {"move", "%key %db"},
    {"rename", "%key %key"},
    {"renamenx", "%key %key"},
    {"persist", "%key"},
    {"expire", "%key %seconds"},
    {"expire", "%key %seconds NX"},
    {"pexpire", "%key %millis"},
    {"pexpire", "%key %millis GT"},
    {"pexpire", "%key %millis LT"},
    {"expireat", "%key %at"},
    {"expireat", "%key %at XX"},
    {"pexpireat", "%key %millis_at"},
    {"flushdb", ""},
    {"flushall", "ASYNC"},
    {"swapdb", "%db %db"},
};

constexpr Pattern kStrings[] = {
    {"set", "%string %value"},
    {"set", "%string %value EX %seconds"},
    {"set", "%string %value PX %millis"},
    {"set", "%string %value PXAT %millis_at GET"},
    {"set", "%string %value EXAT %at NX"},
    {"set", "%string %value KEEPTTL"},
    {"set", "%counter %int"},
    {"setex", "%string %seconds %value"},
    {"psetex", "%string %millis %value"},
    {"setnx", "%string %value"},
    {"getset", "%string %value"},
    {"getdel", "%string"},
    {"getex", "%string"},
    {"getex", "%string EX %seconds"},
    {"getex", "%string PXAT %millis_at"},
    {"getex", "%string PERSIST"},
    {"mset", "%string %value %counter %int"},
    {"msetnx", "%string %value %string %value"},
    {"append", "%string %value"},
    {"setrange", "%string %count %value"},
    {"bitfield", "%string SET u8 %count %count INCRBY i5 %count %int"},
    {"bitfield", "%string GET u4 0 OVERFLOW FAIL INCRBY u2 %count 3"},
    {"incr", "%counter"},
    {"decr", "%counter"},
    {"incrby", "%counter %int"},
    {"decrby", "%counter %int"},
    {"incrbyfloat", "%counter %float"},
};

constexpr Pattern kLists[] = {
    {"lpush", "%list %value"},
    {"lpush", "%list %value %value %value"},
    {"rpush", "%list %value %member %value %member"},
    {"lpushx", "%list %value %value"},
    {"rpushx", "%list %value"},
    {"lpop", "%list"},
    {"lpop", "%list %count"},
    {"rpop", "%list"},
    {"rpop", "%list %count"},
    {"lset", "%list %index %value"},
    {"linsert", "%list BEFORE %member %value"},
    {"linsert", "%list AFTER %member %value"},
    {"lrem", "%list %int %member"},
    {"ltrim", "%list %index %index"},
    {"ltrim", "%list 0 20"},
    {"lmove", "%list %list %end %end"},
    {"rpoplpush", "%list %list"},
    {"lmpop", "2 %list %list %end COUNT %count"},
    {"blpop", "%list %list 0.01"},
    {"brpop", "%list 0"},
    {"blmove", "%list %list %end %end 0.02"},
    {"brpoplpush", "%list %list 0"},
    {"blmpop", "0.1 2 %list %list %end COUNT %count"},
};

constexpr Pattern kHashes[] = {
    {"hset", "%hash %member %value"},         {"hset", "%hash %member %value %member %value %member %int"},
    {"hmset", "%hash %member %value"},        {"hsetnx", "%hash %member %value"},
    {"hdel", "%hash %member %member"},        {"hincrby", "%hash %member %int"},
    {"hincrbyfloat", "%hash %member %float"},
};

constexpr Pattern kSets[] = {
    {"sadd", "%set %member %member %int"},
    {"sadd", "%set %int %int"},
    {"srem", "%set %member %int"},
    {"spop", "%set"},
    {"spop", "%set %count"},
    {"smove", "%set %set %member"},
    {"sunionstore", "%set %set %set"},
    {"sinterstore", "%set %set %set"},
    {"sdiffstore", "%set %set %set"},
};

constexpr Pattern kSortedSets[] = {
    {"zadd", "%zset %score %member %score %member"},
    {"zadd", "%zset NX %score %member"},
    {"zadd", "%zset XX CH %score %member"},
    {"zadd", "%zset GT %score %member %score %member"},
    {"zadd", "%zset INCR %float %member"},
    {"zincrby", "%zset %float %member"},
    {"zrem", "%zset %member %member"},
    {"zpopmin", "%zset"},
    {"zpopmax", "%zset %count"},
    {"zmpop", "2 %zset %zset MIN COUNT %count"},
    {"bzpopmin", "%zset %zset 0.01"},
    {"bzpopmax", "%zset 0"},
    {"bzmpop", "0.1 1 %zset MAX COUNT %count"},
    {"zrangestore", "%zset %zset %index %index"},
    {"zrangestore", "%zset %zset -5 5 BYSCORE LIMIT 0 %count"},
    {"zremrangebyrank", "%zset 0 0"},
    {"zremrangebyscore", "%zset %int (%float"},
    {"zremrangebylex", "%zset [m1 (m4"},
};

constexpr Pattern kStreams[] = {
    {"xadd", "%stream * %member %value"},
    {"xadd", "%stream %id %member %value %member %value"},
    {"xadd", "%stream NOMKSTREAM MAXLEN = 5 * %member %value"},
    {"xadd", "%stream MAXLEN ~ 8 * %member %value"},
    {"xadd", "%stream MINID %old_id * %member %value"},
    {"xdel", "%stream %old_id %old_id"},
    {"xtrim", "%stream MAXLEN %count"},
    {"xtrim", "%stream MINID ~ %old_id LIMIT 10"},
    {"xsetid", "%stream %id"},
    {"xsetid", "%stream %id ENTRIESADDED 100 MAXDELETEDID 1-1"},
};

// Writers that are no write commands themselves.
constexpr Pattern kOthers[] = {
    {"eval", "%script 1 %list %value"},
};

constexpr std::array kScripts = {
    "redis.call('rpush', KEYS[1], ARGV[1], 'x') return redis.call('lpop', KEYS[1])",
    "redis.call('lpush', KEYS[1], ARGV[1]) redis.call('select', 1) redis.call('sadd', 'set0', ARGV[1])",
    "redis.call('sadd', 'set1', ARGV[1]) return redis.call('spop', 'set1')",
    "redis.call('set', 'string0', ARGV[1], 'px', 50) return redis.call('time')",
    "redis.call('blpop', KEYS[1], 0) return redis.pcall('incr', KEYS[1])",
};

}  // namespace

std::vector<Pattern> write_patterns() {
  std::vector<Pattern> all;
  const auto add = [&all](std::span<const Pattern> family) {
    all.insert(all.end(), family.begin(), family.end());
  };
  add(kKeys);
  add(kStrings);
  add(kLists);
  add(kHashes);
  add(kSets);
  add(kSortedSets);
  add(kStreams);
  add(kOthers);
  return all;
}

std::vector<std::string> Dice::roll(const Pattern& pattern, int64_t now_ms) {
  std::vector<std::string> words;
  const auto split = [](std::string_view text, char at, auto&& visit) {
    while (!text.empty()) {
      const size_t end = text.find(at);
      visit(text.substr(0, end));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
  };
  split(pattern.command, '|', [&](std::string_view word) { words.emplace_back(word); });
  split(pattern.arguments, ' ', [&](std::string_view slot) {
    const size_t percent = slot.find('%');
    if (percent == std::string_view::npos) {
      words.emplace_back(slot);
    } else {
      words.push_back(std::string(slot.substr(0, percent)) + word(slot.substr(percent + 1), now_ms));
    }
  });
  return words;
}

std::string Dice::key_for(std::string_view type) {
  static constexpr std::array<std::string_view, 7> kTypes = {"list", "string", "counter", "hash",
                                                             "set",  "zset",   "stream"};
  const bool stray = type == "key" || one_in(30);
  return std::string(stray ? kTypes[below(kTypes.size())] : type) + std::to_string(below(3));
}

std::string Dice::value() {
  switch (below(10)) {
    case 0:
      return "";
    case 1:
      return std::string("\r\n\0\xff", 4) + std::to_string(below(9));
    case 2:
      return "00" + std::to_string(below(100));
    case 3:
      return std::string(60 + below(20), 'v');
    case 4:
      return std::string(one_in(20) ? 9000 + below(60'000) : 200, 'w');
    default:
      return std::to_string(static_cast<int64_t>(below(2000)) - 1000);
  }
}

std::string Dice::word(std::string_view slot, int64_t now_ms) {
  const auto around = [this](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low + 1)));
  };
  if (slot == "value") return value();
  if (slot == "member") return one_in(12) ? value() : "m" + std::to_string(below(8));
  if (slot == "int") return std::to_string(around(-12, 12));
  if (slot == "index") return std::to_string(around(-6, 6));
  if (slot == "count") return std::to_string(around(1, 4));
  if (slot == "float") return std::to_string(around(-50, 50)) + ".25";
  if (slot == "score") return one_in(20) ? "-inf" : std::to_string(around(-9, 9)) + ".5";
  if (slot == "db") return std::to_string(below(3));
  if (slot == "seconds") return std::to_string(around(one_in(10) ? -1 : 1, 3));
  if (slot == "millis") return std::to_string(around(one_in(10) ? -5 : 1, 3000));
  if (slot == "at") return std::to_string(now_ms / 1000 + around(-1, 4));
  if (slot == "millis_at") return std::to_string(now_ms + around(-100, 3000));
  if (slot == "id") {
    // Ahead of the clock now and then, so that `*` must count on from there.
    last_id_ = std::max(last_id_, now_ms - 50) + around(0, 2);
    return std::to_string(last_id_) + "-" + std::to_string(below(3) + 1);
  }
  if (slot == "old_id") {
    const int64_t ms = one_in(2) ? last_id_ : now_ms - around(0, 1) * around(0, 300);
    return std::to_string(ms) + "-" + std::to_string(below(4));
  }
  if (slot == "end") return one_in(2) ? "LEFT" : "RIGHT";
  if (slot == "script") return kScripts[below(kScripts.size())];
  return key_for(slot);
}

}  // namespace sluice::test
