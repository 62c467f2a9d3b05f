// What XINFO STREAM FULL tells of streams outlives whatever a stream may: random commands of streams, with
// policies, delayed entries, released ones and producers' names among them, go into a log that is rewritten
// meanwhile; a server that loads it tells the same, and so do the values that DUMP gives. One thing is
// compared between values only: when a consumer was seen last is not in the log (src/README.md).
#include <algorithm>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "property/harness_log.h"
#include "property/replay_patterns.h"
#include "snapshot/dump.h"
#include "support/harness.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

constexpr testing::SeedCount kStories{40, 6, 20};
constexpr int kLives = 3;
constexpr int kSteps = 500;

using Told = std::map<std::string, std::string>;

std::string as_logged(const std::string& text) {
  static const std::regex kUnlogged("seen-time\", [0-9]+");
  return std::regex_replace(text, kUnlogged, "seen-time\", -");
}

// By key: what XINFO tells of it, and what XINFO does not.
Told told(Harness& h) {
  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  Told all;
  for (const resp::Value& name : h.run("KEYS", "*").children) {
    const std::string& key = name.text;
    std::string text = h.text("XINFO", "STREAM", key, "FULL", "COUNT", "0") + "\n";
    text += h.text("XDELAYED", key, "COUNT", "1000000") + "\n";
    for (const resp::Value& group : h.run("XINFO", "GROUPS", key).children) {
      text += h.text("XGROUP", "GETPOLICY", key, group.children.at(1).text) + "\n";
    }
    all[key] = text;
  }
  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  return all;
}

void check_same(const Told& left, const Told& right, bool in_full) {
  REQUIRE(left.size() == right.size());
  for (const auto& item : left) {
    const std::string& key = item.first;
    const std::string& text = item.second;
    CAPTURE(key);
    REQUIRE(right.count(key) == 1);
    if (in_full) REQUIRE(right.at(key) == text);
    REQUIRE(as_logged(right.at(key)) == as_logged(text));
  }
}

// What a story that does not meet it proves nothing about.
struct Met {
  size_t policies = 0;
  size_t delayed = 0;
  size_t released = 0;
  size_t sent_by_name = 0;
  size_t pending = 0;
  size_t rewritten = 0;
};

// Blocks and trees of several nodes in small streams.
void configure(Harness& h) {
  h.configure("stream-node-max-entries", "4");
}

class Story {
 public:
  Story(uint64_t seed, Met& met) : seed_(seed), dice_(seed), met_(met) {
    begin_life({});
    for (const char* key : {"stream0", "stream1", "stream2"}) {
      for (const char* group : {"g0", "g1"}) harness_->run("XGROUP", "CREATE", key, group, "0", "MKSTREAM");
    }
  }

  void live() {
    for (int i = 0; i < kSteps; ++i) step();
    log_->begin_rewrite(seed_ % 2 == 0);
    for (bool ended = false; !ended;) {
      step();
      (void)log_->rewrite.step(log_->running.now_us, true);
      if (dice_.one_in(3)) log_->recorder.run_pending();
      if (const auto end = log_->rewrite.take_end()) {
        REQUIRE(end->ok());
        ++met_.rewritten;
        ended = true;
      }
    }
    for (uint64_t left = dice_.below(200); left > 0; --left) step();
  }

  // From the values of all keys, one by one.
  void dump_and_restore() {
    harness_->settle();
    Harness copy(seed_ + 1);
    configure(copy);
    copy.clock.advance_us(harness_->clock.unix_us() - copy.clock.unix_us());
    for (const resp::Value& key : harness_->run("KEYS", "*").children) {
      REQUIRE(copy.run("RESTORE", key.text, "0", harness_->run("DUMP", key.text).text) == status("OK"));
    }
    check_same(told(*harness_), told(copy), true);
  }

  // The next life begins with what the last one left on the disk, by a clean end or a kill.
  void restart() {
    harness_->settle();
    log_->running.turn();
    const Told before = told(*harness_);
    note(before);
    if (dice_.one_in(2)) REQUIRE(log_->running.writer.close().ok());
    disk_.kill_process();
    log_.reset();
    const int64_t now_us = harness_->clock.unix_us();
    harness_ = std::make_unique<Harness>(++seed_);
    configure(*harness_);
    harness_->clock.advance_us(now_us - harness_->clock.unix_us());
    peers_.clear();
    LogLoad load = load_log(*harness_, disk_);
    REQUIRE(load.error == "");
    check_same(before, told(*harness_), false);
    begin_life(std::move(load.start));
  }

 private:
  void begin_life(aof::StartPoint start) {
    if (harness_ == nullptr) {
      harness_ = std::make_unique<Harness>(seed_);
      configure(*harness_);
    }
    log_ = std::make_unique<HarnessLog>(*harness_, disk_, aof::SyncMode::kNo, std::move(start));
    REQUIRE(log_->running.start_error.empty());
    for (int i = 0; i < 4; ++i) peers_.push_back(&harness_->client());
  }

  void step() {
    if (dice_.one_in(6)) harness_->advance(std::chrono::milliseconds(dice_.below(200)));
    Peer& peer = *peers_[dice_.below(peers_.size())];
    if (peer.client.has(client::kBlocked)) {
      if (dice_.one_in(4)) harness_->executor.unblock(peer.client, "");
    } else {
      const std::span<const Pattern> patterns = stream_patterns();
      const Pattern& pattern = patterns[dice_.below(patterns.size())];
      if (pattern.effect != Effect::kLessens || dice_.one_in(6)) {
        peer.send_words(dice_.roll(pattern, harness_->clock.unix_us() / 1000));
      }
    }
    for (Peer* each : peers_) {
      while (each->reply()) {
      }
    }
    if (dice_.one_in(7)) log_->running.turn();
  }

  void note(const Told& all) {
    const auto count = [](const std::string& text, const char* pattern) {
      const std::regex looked_for(pattern);
      return static_cast<size_t>(
          std::distance(std::sregex_iterator(text.begin(), text.end(), looked_for), std::sregex_iterator()));
    };
    for (const auto& [key, text] : all) {
      met_.policies += count(text, "\"lease\", [1-9]");
      met_.delayed += count(text, "\n\\[\\[\"");
      met_.released += count(text, "\"nacked-count\", [1-9]");
      met_.sent_by_name += count(text, "\"iids-tracked\", [1-9]");
      met_.pending += count(text, "\"pel-count\", [1-9]");
    }
  }

  uint64_t seed_;
  Dice dice_;
  Met& met_;
  testing::MemoryFs disk_;
  std::unique_ptr<Harness> harness_;
  std::unique_ptr<HarnessLog> log_;
  std::vector<Peer*> peers_;
};

// Counts as a file may have them that no server wrote.
std::string crafted_dump() {
  keyspace::Keyspace keyspace(1, 1);
  auto stream = keyspace.make<types::Stream>();
  const base::ByteView fields[] = {"f", "v"};
  for (uint64_t i = 1; i <= 3; ++i) REQUIRE(stream->append({i, 0}, fields).ok());
  stream->set_entries_added(UINT64_MAX - 1);
  types::StreamGroup& group = *stream->add_group("g", {2, 0}, INT64_MIN + 7);
  types::StreamConsumer& consumer = group.add_consumer("c", 1);
  group.add_pending({1, 0}, {&consumer, 1, UINT64_MAX});
  group.add_released({2, 0}, UINT64_MAX);
  stream->add_group("few", {}, 0);
  return snapshot::dump_value(keyspace::Value(std::move(stream)), false);
}

using Script = std::vector<std::vector<std::string>>;

// The server goes on from its log, and the values from their dumps.
void check_outlives(const Script& script) {
  Harness h;
  configure(h);
  testing::MemoryFs disk;
  HarnessLog log(h, disk, aof::SyncMode::kNo);
  REQUIRE(log.running.start_error.empty());
  Harness copy(2);
  configure(copy);
  for (const std::vector<std::string>& words : script) {
    h.first().send_words(words);
    const auto reply = h.first().reply();
    REQUIRE(reply.has_value());
    CAPTURE(words.front());
    REQUIRE_FALSE(reply->is_error());
  }
  const Told before = told(h);
  for (const resp::Value& key : h.run("KEYS", "*").children) {
    REQUIRE(copy.run("RESTORE", key.text, "0", h.run("DUMP", key.text).text) == status("OK"));
  }
  check_same(before, told(copy), true);
  REQUIRE(log.running.writer.close().ok());
  Harness loaded(3);
  configure(loaded);
  REQUIRE(load_log(loaded, disk).error == "");
  check_same(before, told(loaded), false);
}

}  // namespace

TEST_CASE("Stream: counts at the end of all numbers outlive a restart") {
  const std::string most = "9223372036854775807";
  check_outlives({{"XGROUP", "CREATE", "k", "g", "0", "MKSTREAM", "ENTRIESREAD", most},
                  {"XADD", "k", "1-1", "f", "v"},
                  {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"}});
  check_outlives({{"XADD", "k", "1-1", "f", "v"},
                  {"XSETID", "k", "5-0", "ENTRIESADDED", most},
                  {"XGROUP", "CREATE", "k", "g", "0"},
                  {"XADD", "k", "6-0", "f", "v"},
                  {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"}});
  check_outlives({{"RESTORE", "k", "0", crafted_dump()},
                  {"XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"},
                  {"XREADGROUP", "GROUP", "few", "c", "COUNT", "2", "STREAMS", "k", ">"},
                  {"XAUTOCLAIM", "k", "g", "x", "0", "0", "JUSTID"},
                  {"XCLAIM", "k", "g", "x", "0", "1-0"},
                  {"XNACK", "k", "g", "FAIL", "IDS", "1", "1-0"}});
}

TEST_CASE("Stream: an id set back below what was trimmed outlives a restart") {
  check_outlives({{"XADD", "k", "10-0", "f", "v"},
                  {"XADD", "k", "11-0", "f", "v"},
                  {"XADD", "k", "12-0", "f", "v"},
                  {"XDEL", "k", "12-0"},
                  {"XTRIM", "k", "MINID", "12-0"},
                  {"XSETID", "k", "12-0", "MAXDELETEDID", "1-0"},
                  {"XSETID", "k", "2-0"},
                  {"XADD", "k", "3-0", "f", "v"}});
}

namespace {

// Entries 1-0 to 8-0 in two blocks, and nothing but the deleted 4-0 is left of the first.
Script hollow_front(const Script& then) {
  Script script;
  for (int ms = 1; ms <= 8; ++ms) script.push_back({"XADD", "k", std::to_string(ms) + "-0", "f", "v"});
  script.push_back({"XGROUP", "CREATE", "k", "g", "8-0"});
  script.push_back({"XDEL", "k", "4-0"});
  script.push_back({"XTRIM", "k", "MINID", "4-0"});
  script.insert(script.end(), then.begin(), then.end());
  return script;
}

// The block that begins with 1-0 ends with 4-0, which is deleted, and the next one begins with 3-1.
Script set_back(const Script& then) {
  Script script;
  for (int ms = 1; ms <= 4; ++ms) script.push_back({"XADD", "k", std::to_string(ms) + "-0", "f", "v"});
  script.push_back({"XDEL", "k", "3-0", "4-0"});
  script.push_back({"XSETID", "k", "4-0", "MAXDELETEDID", "1-0"});
  script.push_back({"XSETID", "k", "3-0"});
  for (int seq = 1; seq <= 4; ++seq) script.push_back({"XADD", "k", "3-" + std::to_string(seq), "f", "v"});
  script.push_back({"XGROUP", "CREATE", "k", "g", "3-4"});
  script.insert(script.end(), then.begin(), then.end());
  return script;
}

}  // namespace

TEST_CASE("Stream: a block without entries that a trim drops stays dropped after a restart") {
  check_outlives(hollow_front({}));
  check_outlives(hollow_front({{"XTRIM", "k", "MAXLEN", "~", "2"}}));
  check_outlives(hollow_front({{"XTRIM", "k", "MAXLEN", "~", "0", "LIMIT", "2"}}));
  check_outlives(hollow_front({{"XTRIM", "k", "MINID", "~", "5-0"}}));
  check_outlives(hollow_front({{"XTRIM", "k", "MINID", "5-0"}}));
  check_outlives(hollow_front({{"XADD", "k", "MAXLEN", "~", "3", "9-0", "f", "v"}}));
  check_outlives(hollow_front({{"XADDAT", "k", "MINID", "~", "6-0", "f", "v"}}));
  check_outlives(
      hollow_front({{"XDEL", "k", "5-0", "6-0", "7-0"}, {"XTRIM", "k", "MAXLEN", "~", "0", "LIMIT", "1"}}));
  check_outlives(
      hollow_front({{"XDEL", "k", "5-0", "6-0", "7-0", "8-0"}, {"XTRIM", "k", "MINID", "~", "9-0"}}));
}

TEST_CASE("Stream: what a trim by ACKED cuts leaves no block behind after a restart") {
  check_outlives(hollow_front({{"XTRIM", "k", "MAXLEN", "2", "ACKED"}}));
  check_outlives(hollow_front({{"XTRIM", "k", "MAXLEN", "0", "ACKED"}}));
  check_outlives(hollow_front({{"XGROUP", "DESTROY", "k", "g"}, {"XTRIM", "k", "MINID", "6-0", "ACKED"}}));
  check_outlives({{"XADD", "k", "1-0", "f", "v"},
                  {"XADD", "k", "2-0", "f", "v"},
                  {"XADD", "k", "3-0", "f", "v"},
                  {"XADD", "k", "4-0", "f", "v"},
                  {"XADD", "k", "5-0", "f", "v"},
                  {"XDEL", "k", "4-0"},
                  {"XTRIM", "k", "MINID", "4-0", "ACKED"}});
}

TEST_CASE("Stream: a trim behind an id that was set back cuts the same after a restart") {
  check_outlives(set_back({{"XTRIM", "k", "MAXLEN", "4", "ACKED"}}));
  check_outlives(set_back({{"XTRIM", "k", "MINID", "~", "5-0"}}));
  check_outlives(set_back({{"XTRIM", "k", "MINID", "4-0"}, {"XTRIM", "k", "MAXLEN", "2", "ACKED"}}));
  check_outlives(set_back({{"XTRIM", "k", "MINID", "4-0"}, {"XTRIM", "k", "MAXLEN", "~", "3"}}));
  check_outlives(set_back({{"XADD", "k", "MAXLEN", "4", "ACKED", "3-5", "f", "v"}}));
}

TEST_CASE(
    "Stream: XINFO STREAM FULL stays as it is over replay, a rewrite under writes, DUMP and a restart") {
  Met met;
  for (const uint64_t seed : testing::seeds(kStories)) {
    CAPTURE(seed);
    Story story(seed * 1000, met);
    for (int life = 0; life < kLives; ++life) {
      CAPTURE(life);
      story.live();
      story.dump_and_restore();
      story.restart();
    }
  }
  if (testing::asked_seed()) return;
  for (const size_t times :
       {met.policies, met.delayed, met.released, met.sent_by_name, met.pending, met.rewritten}) {
    CHECK(times > 0);
  }
}

}  // namespace sluice::test
