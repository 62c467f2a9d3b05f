// Keys with millions of members: whatever is done to them, a command or a slice takes or gives back a bounded
// piece of memory, so that nobody waits for a table that grows or for ten million members that die. What is
// moved at once is what the allocator hands out and gets back, so its counter is the witness; no clock is.
#include <algorithm>
#include <functional>

#include <doctest/doctest.h>

#include "support/harness.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

using Words = std::vector<std::string>;

constexpr size_t kBatch = 100;                        // members per command
constexpr uint64_t kStepBytes = uint64_t{1} << 20;    // per command
constexpr uint64_t kSliceBytes = uint64_t{2} << 20;   // per slice of what dies
constexpr uint64_t kLeftBytes = uint64_t{256} << 10;  // what tables of the harness may have grown by

#ifdef SLUICE_SANITIZED
constexpr size_t kMembers = 20'000;
constexpr size_t kMembersOfLongRun = 200'000;
constexpr size_t kFreedPerSlice = 500;  // elements
#else
constexpr size_t kMembers = 300'000;
constexpr size_t kMembersOfLongRun = 10'000'000;
constexpr size_t kFreedPerSlice = 5'000;
#endif

size_t member_count() {
  return testing::long_run() ? kMembersOfLongRun : kMembers;
}

struct Kind {
  const char* name;
  Words add;
  std::function<void(Words&, const std::string&)> add_member;
  Words take;  // kBatch members; empty: `remove`, with their names
  Words remove;
};

std::vector<Kind> kinds() {
  const std::string batch = std::to_string(kBatch);
  const auto plain = [](Words& words, const std::string& n) { words.push_back("member:" + n); };
  return {
      {"list", {"RPUSH", "huge"}, plain, {"LPOP", "huge", batch}, {}},
      {"set", {"SADD", "huge"}, plain, {"SPOP", "huge", batch}, {}},
      {"hash",
       {"HSET", "huge"},
       [](Words& words, const std::string& n) {
         words.insert(words.end(), {"member:" + n, "value:" + n});
       },
       {},
       {"HDEL", "huge"}},
      {"hash with deadlines",
       {"HSETEX", "huge", "PX", "100000000", "FIELDS", batch},
       [](Words& words, const std::string& n) {
         words.insert(words.end(), {"member:" + n, "value:" + n});
       },
       {},
       {"HDEL", "huge"}},
      {"zset",
       {"ZADD", "huge"},
       [](Words& words, const std::string& n) {
         words.insert(words.end(), {n, "member:" + n});
       },
       {"ZPOPMIN", "huge", batch},
       {}},
  };
}

// Runs commands and keeps the most that one of them moved.
class Watched {
 public:
  void run(const Words& words) {
    const uint64_t before = harness.memory.used_bytes();
    harness.first().send_words(words);
    note(before);
    harness.first().reply();
    harness.sink.wire.clear();
    harness.propagated();
    harness.events();
  }
  // True while there is more to free.
  bool free_slice() {
    const uint64_t before = harness.memory.used_bytes();
    const bool more = harness.keyspace.graveyard().step(kFreedPerSlice, harness.keyspace.deadlines());
    note(before);
    return more;
  }
  uint64_t take_most_moved() { return std::exchange(most_moved_, 0); }

  Harness harness;

 private:
  void note(uint64_t before) {
    const uint64_t after = harness.memory.used_bytes();
    most_moved_ = std::max(most_moved_, after > before ? after - before : before - after);
  }

  uint64_t most_moved_ = 0;
};

void grow(Watched& watched, const Kind& kind) {
  for (size_t member = 0; member < member_count();) {
    Words words = kind.add;
    for (size_t i = 0; i < kBatch; ++i) kind.add_member(words, std::to_string(member++));
    watched.run(words);
  }
}

void shrink(Watched& watched, const Kind& kind) {
  for (size_t member = 0; member < member_count();) {
    Words words = kind.take.empty() ? kind.remove : kind.take;
    for (size_t i = 0; i < kBatch; ++i, ++member) {
      if (kind.take.empty()) words.push_back("member:" + std::to_string(member));
    }
    watched.run(words);
  }
}

}  // namespace

TEST_CASE("Huge keys: growing and shrinking by a hundred members moves no more than a piece of the key") {
  for (const Kind& kind : kinds()) {
    const std::string of = kind.name;
    INFO(of);
    Watched watched;
    const uint64_t before = watched.harness.memory.used_bytes();
    grow(watched, kind);
    CHECK(watched.take_most_moved() <= kStepBytes);
    shrink(watched, kind);
    CHECK(watched.take_most_moved() <= kStepBytes);
    CHECK(watched.harness.run("EXISTS", "huge") == integer(0));
    while (watched.free_slice()) {
    }
    CHECK(watched.harness.memory.used_bytes() <= before + kLeftBytes);
  }
}

TEST_CASE("Huge keys: deleted, replaced or expired they are gone at once, and freed in slices") {
  for (const Kind& kind : kinds()) {
    for (const Words& end : {Words{"DEL", "huge"}, Words{"SET", "huge", "x"}, Words{"PEXPIRE", "huge", "-1"},
                             Words{"RENAME", "small", "huge"}, Words{"FLUSHALL"}}) {
      const std::string ending = kind.name + (" " + end[0]);
      INFO(ending);
      Watched watched;
      watched.harness.run("SET", "small", "x");
      const uint64_t before = watched.harness.memory.used_bytes();
      grow(watched, kind);
      watched.take_most_moved();
      watched.run(end);
      const bool taken = end[0] == "SET" || end[0] == "RENAME";
      CHECK(watched.harness.run("TYPE", "huge") == status(taken ? "string" : "none"));
      size_t slices = 1;
      while (watched.free_slice()) ++slices;
      CHECK(slices > 1);
      CHECK(watched.take_most_moved() <= kSliceBytes);
      CHECK(watched.harness.memory.used_bytes() <= before + kLeftBytes);
    }
  }
}

}  // namespace sluice::test
