// Keys go at their deadline, not when somebody looks or a sample finds them: a million of them under a clock
// that is moved by hand, and a million that are due in one second, while clients go on between the slices.
// Compared with the deadlines that were given: what is there at each moment, and that each key that went was
// logged once and told once.
#include <algorithm>
#include <chrono>
#include <numeric>

#include <doctest/doctest.h>

#include "base/random.h"
#include "support/harness.h"
#include "support/seeds.h"

namespace sluice::test {

namespace {

#ifdef SLUICE_SANITIZED
constexpr size_t kKeys = 20'000;
#else
constexpr size_t kKeys = 1'000'000;
#endif
constexpr int64_t kNever = INT64_MAX;
constexpr const char* kEvent = "__keyevent@0__:expired ";

class Crowd {
 public:
  explicit Crowd(uint64_t seed) : harness_(seed), dice_(seed), deadlines_ms_(kKeys, kNever) {
    harness_.configure("notify-keyspace-events", "Ex");
  }

  static std::string name(size_t key) { return "key:" + std::to_string(key); }

  // A string, or now and then a value of several elements; its deadline counts from now.
  void put(size_t key, int64_t ttl_ms) {
    const std::string ttl = std::to_string(ttl_ms);
    if (key % 10 != 0) {
      harness_.run("SET", name(key), "x", "PX", ttl);
    } else if (key % 1000 != 0) {
      harness_.run("RPUSH", name(key), "a", "b");
      harness_.run("PEXPIRE", name(key), ttl);
    } else {
      std::vector<std::string> words = {"SADD", name(key)};
      for (int member = 0; member < 300; ++member) words.push_back("member" + std::to_string(member));
      harness_.first().send_words(words);
      harness_.first().reply();
      harness_.run("PEXPIRE", name(key), ttl);
    }
    deadlines_ms_[key] = now_ms() + ttl_ms;
    forget_records();
  }

  void change_deadline(size_t key, int64_t ttl_ms) {
    if (ttl_ms == kNever) {
      harness_.run("PERSIST", name(key));
      deadlines_ms_[key] = kNever;
    } else {
      harness_.run("PEXPIRE", name(key), std::to_string(ttl_ms));
      deadlines_ms_[key] = now_ms() + ttl_ms;
    }
    forget_records();
  }

  // Deadlines are final: from here on, keys only go.
  void line_up() {
    line_.resize(kKeys);
    std::iota(line_.begin(), line_.end(), 0);
    std::sort(line_.begin(), line_.end(),
              [this](size_t left, size_t right) { return deadlines_ms_[left] < deadlines_ms_[right]; });
    gone_.assign(kKeys, false);
  }

  // Moves the clock, and nothing is due to have run yet: clients see the deadlines all the same.
  void pass_ms(int64_t ms) {
    harness_.clock.advance_us(ms * 1000);
    while (due_ < kKeys && deadlines_ms_[line_[due_]] <= now_ms()) ++due_;
  }
  void check_the_edge() {
    if (due_ > 0) CHECK(harness_.run("EXISTS", name(line_[due_ - 1])) == integer(0));
    if (due_ < kKeys) CHECK(harness_.run("EXISTS", name(line_[due_])) == integer(1));
  }

  // Takes what was logged and told since the last time: only keys that are due, each once.
  void count_gone() {
    size_t logged = 0;
    for (const std::string& record : harness_.propagated()) {
      const size_t at = record.find("DEL key:") == 0 ? 8 : record.find("UNLINK key:") == 0 ? 11 : 0;
      REQUIRE_MESSAGE(at > 0, record);
      const size_t key = std::stoull(record.substr(at));
      REQUIRE_MESSAGE(!gone_[key], record);
      REQUIRE_MESSAGE(deadlines_ms_[key] <= now_ms(), record);
      gone_[key] = true;
      ++logged;
    }
    size_t told = 0;
    for (const std::string& event : harness_.events()) {
      REQUIRE_MESSAGE(event.find(kEvent) == 0, event);
      REQUIRE(gone_[std::stoull(event.substr(std::string(kEvent).size() + 4))]);
      ++told;
    }
    CHECK(told == logged);
    gone_count_ += logged;
    harness_.sink.wire.clear();
  }

  [[nodiscard]] size_t held() { return harness_.keyspace.database(0).size(); }
  [[nodiscard]] size_t due() const { return due_; }
  [[nodiscard]] size_t gone() const { return gone_count_; }
  [[nodiscard]] int64_t now_ms() const { return harness_.clock.unix_us() / 1000; }
  Harness& harness() { return harness_; }
  base::Random& dice() { return dice_; }

 private:
  void forget_records() {
    harness_.propagated();
    harness_.events();
    harness_.sink.wire.clear();
  }

  Harness harness_;
  base::Random dice_;
  std::vector<int64_t> deadlines_ms_;
  std::vector<size_t> line_;  // keys, by deadline
  std::vector<bool> gone_;
  size_t due_ = 0;  // of line_
  size_t gone_count_ = 0;
};

}  // namespace

TEST_CASE("Expiry: of a million keys each is there until its deadline, and gone from it on") {
  Crowd crowd(testing::asked_seed().value_or(1));
  constexpr int64_t kLongestMs = 600'000;
  for (size_t key = 0; key < kKeys; ++key) {
    crowd.put(key, kLongestMs + 1 + static_cast<int64_t>(crowd.dice().below(kLongestMs)));
  }
  size_t kept = 0;
  for (size_t key = 0; key < kKeys; key += 7) {
    const bool keep = crowd.dice().below(4) == 0;
    crowd.change_deadline(key, keep ? kNever : 1 + static_cast<int64_t>(crowd.dice().below(kLongestMs)));
    kept += keep ? 1 : 0;
  }
  crowd.line_up();
  while (crowd.due() < kKeys - kept) {
    crowd.pass_ms(1 + static_cast<int64_t>(crowd.dice().below(5000)));
    if (crowd.dice().below(2) == 0) crowd.check_the_edge();
    crowd.harness().settle();
    REQUIRE(crowd.held() == kKeys - crowd.due());
    crowd.count_gone();
    REQUIRE(crowd.gone() == crowd.due());
  }
  CHECK(crowd.held() == kept);
  CHECK(crowd.harness().stats.expired_keys == kKeys - kept);
}

TEST_CASE("Expiry: a million keys due in one second go in bounded slices, and clients go on in between") {
  Crowd crowd(testing::asked_seed().value_or(1));
  Harness& h = crowd.harness();
  for (size_t key = 0; key < kKeys; ++key) {
    crowd.put(key, 5'000 + static_cast<int64_t>(crowd.dice().below(1000)));
  }
  crowd.line_up();
  crowd.pass_ms(6'000);
  REQUIRE(crowd.due() == kKeys);
  size_t slices = 0;
  bool more = true;
  while (more) {
    const size_t before = crowd.held();
    more = h.executor.tick();
    REQUIRE(before - crowd.held() <= exec::kFiringsPerTurn);
    ++slices;
    if (slices % 10 != 0) continue;
    crowd.count_gone();
    // Between two slices nobody meets what is only due, and everybody else is served.
    CHECK(h.run("EXISTS", Crowd::name(crowd.dice().below(kKeys))) == integer(0));
    crowd.count_gone();
    CHECK(h.run("RPUSH", "queue", "job") == integer(1));
    CHECK(h.run("LPOP", "queue") == bulk("job"));
    CHECK(h.propagated() == Lines{"RPUSH queue job", "LPOP queue"});
  }
  crowd.count_gone();
  CHECK(crowd.held() == 0);
  CHECK(crowd.gone() == kKeys);
  CHECK(slices >= kKeys / exec::kFiringsPerTurn);
  CHECK(h.stats.expired_keys == kKeys);
}

}  // namespace sluice::test
