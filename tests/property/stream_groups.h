// StreamGroups: changes the consumer groups of a harness's streams, by chance and through the same door as a
// command would: groups and consumers come and go, entries are handed out, claimed and acknowledged, ids are
// set. Sends no command and logs nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/harness.h"

namespace sluice::test {

// What was met: a story without groups proves nothing about them.
struct GroupTally {
  uint64_t groups = 0;          // made
  uint64_t groups_gone = 0;     // destroyed
  uint64_t consumers_gone = 0;  // with what they had pending
  uint64_t delivered = 0;
  uint64_t claimed = 0;
  uint64_t released = 0;
  uint64_t acknowledged = 0;
};

class StreamGroups {
 public:
  // Of the streams under these keys of database 0, while they are there.
  StreamGroups(Harness& harness, uint64_t seed, std::vector<std::string> keys, GroupTally& tally)
      : harness_(harness), random_(seed), keys_(std::move(keys)), tally_(tally) {}

  void step();

  // When each consumer of every stream was seen last, as text: no digest covers that.
  static std::string last_seen(Harness& harness);

 private:
  void change(types::Stream& stream);
  void change(const types::Stream& stream, types::StreamGroup& group);
  void deliver(const types::Stream& stream, types::StreamGroup& group);
  types::StreamConsumer& consumer_of(types::StreamGroup& group);
  std::optional<types::PendingEntry> any_pending(const types::StreamGroup& group);
  [[nodiscard]] int64_t now_ms() const { return harness_.clock.unix_us() / 1000; }

  Harness& harness_;
  base::Random random_;
  std::vector<std::string> keys_;
  GroupTally& tally_;
};

}  // namespace sluice::test
