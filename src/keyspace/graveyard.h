// Graveyard: what clients can no longer reach and memory still holds. Small values die at once; big ones, and
// whole flushed databases, wait here and are freed in slices at the end of turns, so that DEL of ten million
// members or FLUSHALL stops nobody. A snapshot that still owes something of it takes it first, and hands it
// back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "keyspace/database.h"
#include "keyspace/deadlines.h"
#include "keyspace/entry.h"

namespace sluice::keyspace {

// A value with at most so many elements is freed on the spot: cheaper than queueing it.
inline constexpr size_t kFreeAtOnceElements = 64;

class Graveyard {
 public:
  explicit Graveyard(const WriteGate& gate) : gate_(gate) {}
  ~Graveyard();

  // Takes over a detached entry.
  void bury(Entry* entry);
  // Takes over a value that left its entry (SET over a big list).
  void bury(Value value);
  // Takes over a consumer group that left its stream.
  void bury(std::unique_ptr<types::StreamGroup> group);
  // Takes over a database that was replaced by an empty one.
  void bury(std::unique_ptr<Database> database);

  // Frees at most about `max` elements; true while more is left.
  bool step(size_t max, Deadlines& deadlines);

  [[nodiscard]] bool empty() const { return values_.empty() && groups_.empty() && databases_.empty(); }
  // Objects waiting, and objects freed so far in slices: INFO's lazyfree_pending_objects and
  // lazyfreed_objects.
  [[nodiscard]] size_t pending() const;
  [[nodiscard]] uint64_t freed() const { return freed_; }

 private:
  const WriteGate& gate_;
  std::deque<Value> values_;
  std::deque<std::unique_ptr<types::StreamGroup>> groups_;
  std::deque<std::unique_ptr<Database>> databases_;
  uint64_t freed_ = 0;
};

}  // namespace sluice::keyspace
