// Which entries of a stream were produced under which name, so that a producer who sends again, not knowing
// whether the first time worked, adds nothing: per producer (pid) the ids it chose (iid), each with the id of
// the entry it became. An iid is forgotten after a time, counted from the time in its entry's id, and when a
// producer has more of them than allowed, oldest first.
//
// Knows no stream and no clock: what time it is comes in as an argument. A stream passes the time of its last
// id, so that replaying a log forgets what was forgotten when it was written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "types/stream_id.h"
#include "types/value_context.h"

namespace sluice::types {

inline constexpr uint32_t kMostIdempotenceSeconds = 86'400;
inline constexpr uint32_t kMostIdempotenceIds = 10'000;

// Whoever writes down the names of a table as they were, a few at a time, is told of what changes meanwhile.
class IdempotenceWatcher {
 public:
  virtual void name_added(base::ByteView pid, base::ByteView iid, const StreamId& id) = 0;
  virtual void name_leaves(base::ByteView pid, base::ByteView iid, const StreamId& id) = 0;
  // The table goes; all its names left before.
  virtual void table_goes() = 0;

 protected:
  ~IdempotenceWatcher() = default;
};

class IdempotenceTable {
 public:
  explicit IdempotenceTable(const IdempotenceLimits& limits) : limits_(limits) {}
  IdempotenceTable(const IdempotenceTable&) = delete;
  IdempotenceTable& operator=(const IdempotenceTable&) = delete;
  ~IdempotenceTable();

  [[nodiscard]] const IdempotenceLimits& limits() const { return limits_; }

  // The entry that was produced under this name, if that is still remembered at `now_ms`.
  [[nodiscard]] std::optional<StreamId> find(base::ByteView pid, base::ByteView iid, uint64_t now_ms) const;
  // The same, remembered or about to be forgotten.
  [[nodiscard]] std::optional<StreamId> find_any(base::ByteView pid, base::ByteView iid) const;
  // Remembers it, in place of what was known of this name, and forgets what is too old or too much.
  void add(base::ByteView pid, base::ByteView iid, const StreamId& id, uint64_t now_ms);
  // The same for copying and loading: nothing is counted or forgotten. False when the name is known.
  bool put(base::ByteView pid, base::ByteView iid, const StreamId& id);

  // Both count from the beginning, whatever is forgotten.
  [[nodiscard]] uint64_t added() const { return added_; }
  [[nodiscard]] uint64_t duplicates() const { return duplicates_; }
  void count_duplicate() { ++duplicates_; }
  void set_counters(uint64_t added, uint64_t duplicates) {
    added_ = added;
    duplicates_ = duplicates;
  }

  struct Tracked {
    uint64_t producers = 0;
    uint64_t ids = 0;
  };
  [[nodiscard]] Tracked tracked(uint64_t now_ms) const;
  // Everything in memory, forgotten at some time or not.
  [[nodiscard]] uint64_t size() const { return size_; }
  [[nodiscard]] size_t memory_bytes() const;  // This object included.

  // visit(pid, iid, id): by producer, of each the oldest first.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [pid, producer] : producers_) {
      for (const auto& [id, iid] : producer.by_age) {
        visit(base::ByteView(pid), base::ByteView(iid->first), id);
      }
    }
  }

  // A place in that order, behind all names of a producer up to an id.
  struct Place {
    base::Bytes pid;
    StreamId id;
  };
  // The same from a place on, or from the beginning, for about `max` names: those of one id are visited
  // together. Returns the place behind them; nothing when all were visited.
  template <class Visit>
  std::optional<Place> for_some(const std::optional<Place>& from, size_t max, Visit&& visit) const;
  // Null: nobody watches. REQUIRES: nobody else does.
  void set_watcher(IdempotenceWatcher* watcher) { watcher_ = watcher; }

  [[nodiscard]] std::unique_ptr<IdempotenceTable> clone() const;
  // Frees up to `max` of them, when it is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  // Of other producers, at most so many are forgotten with each one added: a pause has an end.
  static constexpr size_t kForgottenPerAdd = 16;

  using ByIid = std::map<base::Bytes, StreamId, std::less<>>;
  struct Producer {
    ByIid by_iid;
    std::multimap<StreamId, ByIid::iterator> by_age;
  };
  using Producers = std::map<base::Bytes, Producer, std::less<>>;

  [[nodiscard]] bool too_old(const StreamId& id, uint64_t now_ms) const;
  void insert(Producers::iterator at, base::ByteView iid, const StreamId& id);
  void erase(Producers::iterator at, std::multimap<StreamId, ByIid::iterator>::iterator entry);
  void forget_oldest(Producers::iterator at) { erase(at, at->second.by_age.begin()); }
  void drop_if_empty(Producers::iterator at);

  IdempotenceLimits limits_;
  Producers producers_;
  // Every producer under its oldest entry.
  std::set<std::pair<StreamId, base::ByteView>> by_oldest_;
  uint64_t size_ = 0;
  uint64_t text_bytes_ = 0;
  uint64_t added_ = 0;
  uint64_t duplicates_ = 0;
  IdempotenceWatcher* watcher_ = nullptr;
};

template <class Visit>
auto IdempotenceTable::for_some(const std::optional<Place>& from, size_t max, Visit&& visit) const
    -> std::optional<Place> {
  size_t seen = 0;
  auto producer = from ? producers_.lower_bound(from->pid) : producers_.begin();
  for (; producer != producers_.end(); ++producer) {
    const auto& by_age = producer->second.by_age;
    const bool begun = from && producer->first == from->pid;
    for (auto at = begun ? by_age.upper_bound(from->id) : by_age.begin(); at != by_age.end();) {
      const StreamId id = at->first;
      for (; at != by_age.end() && at->first == id; ++at, ++seen) {
        visit(base::ByteView(producer->first), base::ByteView(at->second->first), id);
      }
      if (seen >= max) return Place{producer->first, id};
    }
  }
  return std::nullopt;
}

}  // namespace sluice::types
