// Blocking: clients whose command waits, and what for: keys of a type, a moment, or a journal offset. It only
// keeps order and times; the executor re-runs the parked command when its reason may have come, and unparks
// it when the command is done.
//
//   (db, key) -> waiters, oldest first          client id -> Parked {owned request, its places in the queues,
//   ...}
//
// Touching a key with no waiters costs one look at an empty table. Waking costs nothing for waiters of other
// keys.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "client/client.h"
#include "ds/deadline_heap.h"
#include "exec/transaction.h"
#include "keyspace/value.h"

namespace sluice::exec {

// What a waiter is told when its time is up: the null of its reply's shape.
enum class NullShape : uint8_t { kBulk, kArray };

struct Park {
  std::vector<base::ByteView> keys;  // none: waits for time or offset only
  keyspace::Type type = keyspace::Type::kList;
  bool wake_on_gone = false;  // also when the key is deleted or replaced by another type (XREADGROUP)
  int64_t deadline_ms = 0;    // monotonic; 0: forever
  int64_t wake_at_ms = 0;     // unix; re-run then even if no key is touched; 0: never
  uint64_t offset = 0;        // re-run once the log is synced to here; 0: does not wait for it
  NullShape null = NullShape::kArray;
};

class Blocking {
 public:
  // The client waits. `request` is run again when something it waits for has happened.
  void park(client::Client& client, int db, OwnedRequest request, const Park& reason);
  // Moves the moment of a client that stays parked after a re-run.
  void wake_later(client::ClientId id, int64_t wake_at_ms);
  // No longer waits; its request is handed back. REQUIRES: parked.
  OwnedRequest unpark(client::Client& client);
  // The request of a parked client, to run it again.
  [[nodiscard]] const OwnedRequest& request_of(client::ClientId id) const { return parked_.at(id).request; }
  [[nodiscard]] NullShape null_of(client::ClientId id) const { return parked_.at(id).null; }
  [[nodiscard]] bool has(client::ClientId id) const { return parked_.contains(id); }

  [[nodiscard]] bool anybody_waits() const { return !queues_.empty(); }
  // The key changed: its waiters, if any, are looked at when the unit has ended.
  void touch(int db, base::ByteView key);
  // The key went: the same, if one of them wants to know.
  void touch_gone(int db, base::ByteView key);
  // Every awaited key of a database was exchanged or may now exist (SWAPDB, FLUSHALL).
  void touch_database(int db);

  // The keys touched since the last call, in order, each once: one generation.
  std::vector<KeyName> take_ready() { return std::exchange(ready_, {}); }
  [[nodiscard]] bool anything_ready() const { return !ready_.empty(); }

  // Visits a key's waiters oldest first until the visitor returns false. The visitor may unpark the client it
  // is given, and no other.
  template <class Visitor>
  void for_each_waiter(int db, base::ByteView key, Visitor&& visit);
  // Waiters of this key that also want to know when it is gone.
  [[nodiscard]] size_t gone_watchers(int db, base::ByteView key) const;
  struct Waiter {
    client::ClientId id;
    keyspace::Type type;
    bool wake_on_gone;
  };

  // The next moment at which a timeout or a wake_at is due.
  [[nodiscard]] std::optional<int64_t> next_deadline_ms() const;
  [[nodiscard]] std::optional<int64_t> next_wake_ms() const;
  // A client whose timeout has passed, or 0.
  [[nodiscard]] client::ClientId timed_out(int64_t now_ms) const;
  // A client whose wake_at has passed; its wake_at is cleared. Or 0.
  client::ClientId take_woken(int64_t now_ms);
  // Clients waiting for an offset at or below this one.
  [[nodiscard]] std::vector<client::ClientId> reached(uint64_t offset) const;

  // INFO: blocked_clients, clients_in_timeout_table, total_blocking_keys, total_blocking_keys_on_nokey.
  [[nodiscard]] size_t blocked_clients() const { return parked_.size(); }
  [[nodiscard]] size_t timeouts() const { return deadlines_.size(); }
  [[nodiscard]] size_t blocking_keys() const { return queues_.size(); }
  [[nodiscard]] size_t blocking_keys_on_gone() const;

 private:
  struct Queue {
    std::list<Waiter> waiters;
    size_t gone_watchers = 0;
    bool ready = false;  // already in ready_
  };
  using Queues = std::unordered_map<KeyName, Queue, KeyNameHash, KeyNameEqual>;
  struct Place {
    Queues::value_type* queue;  // a node of queues_: stays where it is when the table grows
    std::list<Waiter>::iterator waiter;
  };
  struct Parked {
    OwnedRequest request;
    std::vector<Place> places;
    uint32_t deadline = UINT32_MAX;
    uint32_t wake = UINT32_MAX;
    uint64_t offset = 0;
    NullShape null = NullShape::kArray;
  };

  std::unordered_map<client::ClientId, Parked> parked_;
  Queues queues_;
  std::vector<KeyName> ready_;
  ds::DeadlineHeap<client::ClientId> deadlines_;  // monotonic
  ds::DeadlineHeap<client::ClientId> wakes_;      // unix
  size_t offset_waiters_ = 0;
};

template <class Visitor>
void Blocking::for_each_waiter(int db, base::ByteView key, Visitor&& visit) {
  const auto found = queues_.find(KeyNameView{db, key});
  if (found == queues_.end()) return;
  found->second.ready = false;
  auto& waiters = found->second.waiters;
  for (auto it = waiters.begin(); it != waiters.end();) {
    const Waiter waiter = *it;
    const bool last = ++it == waiters.end();
    // When the visitor unparks the last waiter the queue itself is gone: nothing of it may be touched after.
    if (!visit(waiter) || last) return;
  }
}

}  // namespace sluice::exec
