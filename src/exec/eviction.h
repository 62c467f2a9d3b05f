// Eviction: what becomes of `maxmemory`. Before each command it judges what memory is left for
// (ServerState::room), and when there is too much of it lets keys go by the policy, each as a unit of its
// own, a slice at a time; the rest follows from tick to tick while commands run on. Owns the pool of
// candidates: copies of names, which may be stale. Which commands are refused is the gates' matter.
//
// LRU and LFU are approximate, as in Redis: of some random keys the best candidates are remembered from one
// eviction to the next, so that the choice gets better than one draw of samples could. The order of deadlines
// is exact.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"
#include "exec/gates.h"
#include "exec/services.h"
#include "exec/unit_runner.h"
#include "keyspace/keyspace.h"
#include "keyspace/usage.h"

namespace sluice::exec {

// Keys that go in one slice, or steps of freeing what went before.
inline constexpr size_t kEvictionsPerSlice = 256;
// Elements freed in such a step.
inline constexpr size_t kFreedPerEvictionStep = 64;
// Candidates remembered for LRU and LFU.
inline constexpr size_t kEvictionPool = 16;

class Eviction {
 public:
  Eviction(Services& services, UnitRunner& units) : services_(services), units_(units) {}

  // Before each command, and when the limits have changed.
  void make_room() {
    if (is_within_limit()) [[likely]] {
      if (services_.stats.eviction_exceeded_since_us != 0) end_exceeding();
      services_.state.room = Room::kEnough;
    } else {
      services_.state.room = relieve();
    }
  }
  // The limits have changed: go_on() looks at what they mean.
  void limits_changed() { unfinished_ = !is_within_limit(); }
  // A slice is due.
  [[nodiscard]] bool unfinished() const { return unfinished_; }
  void go_on() {
    if (std::exchange(unfinished_, false)) make_room();
  }

 private:
  enum class Slice : uint8_t { kDone, kMore, kStuck };
  struct Candidate {
    int db = 0;
    base::Bytes key = {};
    keyspace::Usage usage = {};
  };

  // As a first look: with what is not counted.
  [[nodiscard]] bool is_within_limit() const {
    const uint64_t limit = services_.settings.maxmemory_bytes;
    return limit == 0 || services_.memory.used_bytes() <= limit;
  }
  Room relieve();
  void end_exceeding();
  [[nodiscard]] bool may_evict() const;
  [[nodiscard]] bool over_limit(uint64_t limit) const;
  Slice evict_slice();
  bool evict_one();
  keyspace::Keyspace::Found first_due();
  keyspace::Keyspace::Found draw();
  keyspace::Keyspace::Found most_dispensable();
  keyspace::Keyspace::Found take_best();
  void remember(const keyspace::Keyspace::Found& found);
  // The greater, the sooner it goes.
  [[nodiscard]] int64_t dispensability(const keyspace::Usage& usage) const;

  Services& services_;
  UnitRunner& units_;
  bool unfinished_ = false;
  std::vector<Candidate> pool_;  // in no order
};

}  // namespace sluice::exec
