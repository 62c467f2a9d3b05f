// Blocking: clients whose command waits, and what for: keys of a type, a moment, or a journal offset. It only
// keeps order and times; the executor re-runs the parked command when its reason may have come, and unparks
// it when the command is done.
//
//   (db, key) -> waiters by (lane, ticket)      client id -> Parked {owned request, its places in the queues,
//   ...}
//
// Tickets only grow, so that a position among waiters outlives any change of them and a long queue can be
// served in slices. A lane is what wakes its waiters: values of one type, or anything that happens to the
// key. Touching a key with no waiters costs one look at an empty table. Waking costs nothing for waiters of
// other keys or types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "client/client.h"
#include "ds/deadline_heap.h"
#include "exec/transaction.h"
#include "keyspace/value.h"

namespace sluice::exec {

// What a waiter is told when its time is up: the null of its reply's shape.
enum class NullShape : uint8_t { kBulk, kArray };

// The offset of a log that was switched off: nobody will sync anything, whoever waits for it is run again.
inline constexpr uint64_t kLogWentOffset = UINT64_MAX;

// Park::question is below this.
inline constexpr uint8_t kQuestions = 4;

struct Park {
  std::vector<base::ByteView> keys;  // none: waits for time or offset only
  keyspace::Type type = keyspace::Type::kList;
  bool wake_on_gone = false;  // also when the key is deleted or replaced by another type (XREADGROUP)
  int64_t deadline_ms = 0;    // monotonic; 0: forever
  int64_t wake_at_ms = 0;     // unix; the keys count as touched then, at the latest; 0: never
  // 1 to kQuestions - 1: when one of the key's waiters of this type and number finds nothing, no other would,
  // and only one of them is run again when the key is touched. 0: each has to look for itself.
  uint8_t question = 0;
  uint64_t offset = 0;  // re-run once the log is synced to here; 0: does not wait for it
  NullShape null = NullShape::kArray;
  bool answers_late = false;  // when its time is up the command runs once more, and answers what it finds
};

class Blocking {
 public:
  // The client waits. `request` is run again when something it waits for has happened.
  void park(client::Client& client, int db, OwnedRequest request, const Park& reason);
  // The next moment of a client that stays parked after a re-run.
  void wake_later(client::ClientId id, int64_t wake_at_ms);
  // Its time is up at `now_ms`, whatever it was.
  void end_time(client::ClientId id, int64_t now_ms);
  // No longer waits; its request is handed back. REQUIRES: parked.
  OwnedRequest unpark(client::Client& client);
  // The request of a parked client, to run it again.
  [[nodiscard]] const OwnedRequest& request_of(client::ClientId id) const { return parked_.at(id).request; }
  [[nodiscard]] NullShape null_of(client::ClientId id) const { return parked_.at(id).null; }
  [[nodiscard]] bool answers_late(client::ClientId id) const { return parked_.at(id).answers_late; }
  [[nodiscard]] bool has(client::ClientId id) const { return parked_.contains(id); }

  // Waits for nothing but its turn: a command held by CLIENT PAUSE.
  void park_in_line(client::Client& client, OwnedRequest request);
  // The first of that line, or 0.
  [[nodiscard]] client::ClientId first_in_line() const { return line_.empty() ? 0 : line_.begin()->second; }
  [[nodiscard]] size_t line_length() const { return line_.size(); }

  [[nodiscard]] bool anybody_waits() const { return !queues_.empty(); }
  [[nodiscard]] bool anybody_waits_for(int db, base::ByteView key) const {
    return queues_.find(KeyNameView{db, key}) != queues_.end();
  }
  // The key changed: its waiters, if any, are looked at when the unit has ended.
  void touch(int db, base::ByteView key);
  // The key went: the same, if one of them wants to know.
  void touch_gone(int db, base::ByteView key);
  // Every awaited key of a database was exchanged or may now exist (SWAPDB, FLUSHALL).
  void touch_database(int db);

  // The keys touched since the last call, in order, each once: one generation.
  std::vector<KeyName> take_ready() { return std::exchange(ready_, {}); }
  [[nodiscard]] bool anything_ready() const { return !ready_.empty(); }

  using Ticket = uint64_t;
  struct Waiter {
    Ticket ticket;
    client::ClientId id;
    uint8_t question;
  };
  // The key's waiters are served from now on, up to those of the ticket returned; a touch after this makes it
  // ready again.
  Ticket begin_service(int db, base::ByteView key);
  struct Turn {
    Ticket after;
    Ticket last;
    uint8_t answered = 0;  // a bit for each question to which one of them found nothing
  };
  // The oldest waiter of this key within (after, last] whom a value of this type wakes, and whose question is
  // not answered; without a type the key is gone, and only those who want to know that are woken.
  [[nodiscard]] std::optional<Waiter> next_waiter(int db, base::ByteView key,
                                                  std::optional<keyspace::Type> type, const Turn& turn) const;

  // The next moment at which a timeout or a wake_at is due.
  [[nodiscard]] std::optional<int64_t> next_deadline_ms() const;
  [[nodiscard]] std::optional<int64_t> next_wake_ms() const;
  // A client whose timeout has passed, or 0.
  [[nodiscard]] client::ClientId timed_out(int64_t now_ms) const;
  // Touches a key at which a moment has passed, so that its waiters are served in their order. False when
  // there is none.
  bool touch_due(int64_t now_ms);
  // The client that waits for the lowest offset, if that is at or below this one; it waits for it no longer.
  // Or 0.
  client::ClientId take_reached(uint64_t offset);
  // The lowest offset that somebody waits for.
  [[nodiscard]] std::optional<uint64_t> next_offset() const;

  // Nobody ever waited for a higher one.
  [[nodiscard]] uint64_t highest_offset() const { return highest_offset_; }

  // INFO: blocked_clients, clients_in_timeout_table, total_blocking_keys, total_blocking_keys_on_nokey.
  [[nodiscard]] size_t blocked_clients() const { return parked_.size(); }
  [[nodiscard]] size_t timeouts() const { return deadlines_.size(); }
  [[nodiscard]] size_t blocking_keys() const { return queues_.size(); }
  [[nodiscard]] size_t blocking_keys_on_gone() const { return watched_for_going_; }

 private:
  // A type's number, and one for each of its questions; whoever wakes on anything has a lane behind them all.
  using Lane = uint8_t;
  static constexpr Lane kAnything = UINT8_MAX;
  static Lane lane_of(keyspace::Type type, uint8_t question) {
    return static_cast<Lane>(static_cast<Lane>(type) * kQuestions + question);
  }
  static Lane lane_of(const Park& reason) {
    return reason.wake_on_gone ? kAnything : lane_of(reason.type, reason.question);
  }
  using Waiters = std::map<std::pair<Lane, Ticket>, client::ClientId>;
  // One moment per key, however many wait: the earliest that any of them asked for. They are re-run then, of
  // those with one question as many as find something and one more, and ask anew; so a moment whose waiter
  // has left costs one look at most.
  struct Queue {
    Waiters waiters;
    bool ready = false;          // already in ready_
    bool has_questions = false;  // somebody waited with one
    uint32_t wake = UINT32_MAX;  // in wakes_

    [[nodiscard]] bool watched_for_going() const {
      return !waiters.empty() && waiters.rbegin()->first.first == kAnything;
    }
    [[nodiscard]] std::optional<Waiter> next(Lane lane, const Turn& turn) const;
  };
  using Queues = std::unordered_map<KeyName, Queue, KeyNameHash, KeyNameEqual>;
  struct Place {
    Queues::value_type* queue;  // a node of queues_: stays where it is when the table grows
    Waiters::iterator waiter;
  };
  struct Parked {
    OwnedRequest request;
    std::vector<Place> places;
    uint32_t deadline = UINT32_MAX;
    uint64_t offset = 0;
    Ticket place_in_line = 0;  // 0: in none
    NullShape null = NullShape::kArray;
    bool answers_late = false;
  };

  void wake_at(Queues::value_type& queue, int64_t wake_at_ms);

  std::unordered_map<client::ClientId, Parked> parked_;
  Queues queues_;
  std::map<Ticket, client::ClientId> line_;
  Ticket last_ticket_ = 0;
  size_t watched_for_going_ = 0;  // queues with waiters in the lane kAnything
  std::vector<KeyName> ready_;
  ds::DeadlineHeap<client::ClientId> deadlines_;  // monotonic
  ds::DeadlineHeap<Queues::value_type*> wakes_;   // unix
  std::set<std::pair<uint64_t, client::ClientId>> offset_waiters_;
  uint64_t highest_offset_ = 0;
};

}  // namespace sluice::exec
