// Writers: clients of a harness that send what the patterns say, alone, in transactions and while they wait,
// while time passes and some of them leave. Counts what of it came into the log, and what it waited for.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "property/replay_patterns.h"
#include "support/harness.h"

namespace sluice::test {

struct PatternCount {
  uint64_t logged = 0;  // runs that changed something and left a record
  uint64_t served = 0;  // of those that had to wait first
};

struct Tally {
  std::vector<PatternCount> patterns;  // as all_patterns()
  uint64_t expired_in_time = 0;        // moments at which a deadline fired
  uint64_t expired_by_reading = 0;     // reads that found an expired key and left a record
  uint64_t transactions = 0;           // EXECs that left records
  uint64_t aborted = 0;                // EXECs that a watched key undid
  std::set<std::string> records;       // the commands that the log was written in
};

class Writers {
 public:
  Writers(Harness& harness, uint64_t seed, Tally& tally);

  void step();
  // What the last step sent, for a person.
  [[nodiscard]] const std::string& last_sent() const { return last_sent_; }

 private:
  static constexpr size_t kNoPattern = SIZE_MAX;
  struct Writer {
    Peer* peer;
    size_t waits_as = kNoPattern;  // the pattern with which it is parked
  };

  void let_time_pass();
  void leave_waiting(Writer& writer);
  void transaction_step(Writer& writer);
  void send_random(Writer& writer);
  void count(size_t pattern, size_t records_before, uint64_t changes_before);
  void look_who_was_served();
  size_t random_pattern();
  void send(Writer& writer, const std::vector<std::string>& words);
  // Every reply that is there; the last one is kept.
  void drain(Writer& writer);
  [[nodiscard]] size_t records() const { return harness_.sink.records.size(); }

  Harness& harness_;
  Dice dice_;
  const uint64_t calm_;  // what lessens is sent once where other patterns are sent so often
  Tally& tally_;
  const std::vector<Pattern> patterns_ = all_patterns();
  std::vector<Writer> writers_;
  resp::Value last_reply_;
  std::string last_sent_;
};

}  // namespace sluice::test
