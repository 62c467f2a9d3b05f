// A consumer group of a stream: how far it has read, who reads, and what was handed out and not acknowledged
// yet. Pending entries are found by id and by when they were last delivered, so that claiming what is idle
// never walks what is not; each consumer knows its own by id. A pending entry may outlive the stream's entry.
//
//   group     by id:    1-0 {worker-1, delivered 17:00:02, once} -> 1-1 {...}      owns the entries
//             by time:  17:00:01 1-1 -> 17:00:02 1-0
//   consumer  by id:    1-0
//
// The owner is the stream. Times are unix milliseconds and come in as arguments; pointers to entries and
// consumers stay good until those are removed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "types/stream_id.h"

namespace sluice::types {

class StreamConsumer;

struct PendingEntry {
  StreamId id;
  int64_t delivered_ms = 0;
  uint64_t deliveries = 0;
  StreamConsumer* consumer = nullptr;
};

struct PendingById {
  bool operator()(const PendingEntry* left, const PendingEntry* right) const { return left->id < right->id; }
};
struct PendingByTime {
  bool operator()(const PendingEntry* left, const PendingEntry* right) const {
    if (left->delivered_ms != right->delivered_ms) return left->delivered_ms < right->delivered_ms;
    return left->id < right->id;
  }
};

class StreamConsumer {
 public:
  static constexpr int64_t kNever = -1;

  StreamConsumer(base::ByteView name, int64_t now_ms) : seen_ms(now_ms), name_(name) {}
  StreamConsumer(const StreamConsumer&) = delete;
  StreamConsumer& operator=(const StreamConsumer&) = delete;

  [[nodiscard]] const base::Bytes& name() const { return name_; }
  using Pending = std::set<PendingEntry*, PendingById>;
  [[nodiscard]] const Pending& pending() const { return pending_; }

  int64_t seen_ms;             // the last time it asked for anything
  int64_t active_ms = kNever;  // the last time it got something

 private:
  friend class StreamGroup;
  base::Bytes name_;
  Pending pending_;
};

class StreamGroup {
 public:
  // entries_read() of a group that was set to an id in the middle of a stream.
  static constexpr int64_t kUnknown = -1;

  // Delivers what lies behind `start`; up to there are `before` entries.
  StreamGroup(const StreamId& start, int64_t before) : last_id(start), entries_read(before) {}
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;

  StreamId last_id;      // of what was delivered last
  int64_t entries_read;  // how many entries of the stream lie up to there, or kUnknown

  using Consumers = std::map<base::Bytes, std::unique_ptr<StreamConsumer>, std::less<>>;
  [[nodiscard]] const Consumers& consumers() const { return consumers_; }
  [[nodiscard]] StreamConsumer* find_consumer(base::ByteView name) const;
  // REQUIRES: there is none of this name.
  StreamConsumer& add_consumer(base::ByteView name, int64_t seen_ms);
  // Drops what it has pending, too; returns how much that was.
  uint64_t remove_consumer(StreamConsumer& consumer);

  using ById = std::map<StreamId, PendingEntry>;
  using ByTime = std::set<PendingEntry*, PendingByTime>;
  [[nodiscard]] const ById& pending() const { return by_id_; }
  [[nodiscard]] const ByTime& pending_by_time() const { return by_time_; }
  [[nodiscard]] PendingEntry* find_pending(const StreamId& id);

  // How an entry was handed out. No consumer: it is being loaded, and own() will say whose it is.
  struct Delivery {
    StreamConsumer* consumer = nullptr;
    int64_t delivered_ms = 0;
    uint64_t deliveries = 1;
  };
  // False when the id is pending already.
  bool add_pending(const StreamId& id, const Delivery& delivery);
  // Hands a pending entry to a consumer, maybe the same, at a time.
  void deliver(PendingEntry& entry, const Delivery& delivery);
  // False when there was none.
  bool acknowledge(const StreamId& id);

  // The same with consumers of its own.
  [[nodiscard]] std::unique_ptr<StreamGroup> clone() const;
  [[nodiscard]] size_t memory_bytes() const;  // This object included.
  // Frees up to `max` pending entries of a group that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  void forget(ById::iterator at);

  ById by_id_;
  ByTime by_time_;
  Consumers consumers_;
};

}  // namespace sluice::types
