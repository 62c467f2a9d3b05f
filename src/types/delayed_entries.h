// What a stream has beside its entries: those that are not there yet, to be appended when they are due
// (XADDAT), and the moments at which appended ones go that nobody has read by then. Composed of what exists,
// so that a snapshot pins and slices free it as they do the stream itself:
//
//   held_      a stream by arrival   0-7 {"" = due, TTL, trim, ticket | name = value ...}
//   due_       places in order       {due in ms, 7}
//   tickets_   where the sender chose the ticket: {hash of the ticket, 7}
//   expiries_  id of an entry -> unix milliseconds
//
// A *place*, {due in ms, arrival}, says which one is meant: places sort by due time, then by arrival. Without
// a ticket of its own an entry has its place's text as one. The owner is the stream; no clock, no wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "types/id_tree.h"
#include "types/stream.h"
#include "types/stream_id.h"
#include "types/stream_trim.h"

namespace sluice::types {

inline constexpr size_t kMostTicketBytes = 255;
// The latest moment that anything can be due at, and the longest time to live.
inline constexpr int64_t kLatestDueMs = (int64_t{1} << 46) - 1;

// What is done with an entry, and when. Unix milliseconds.
struct DelayedRules {
  int64_t due_ms = 0;                   // 0 to kLatestDueMs
  int64_t ttl_ms = 0;                   // from then on, 1 to kLatestDueMs; 0: it stays
  std::optional<StreamTrim> trim = {};  // of the stream, when it is appended
};

struct DelayedEntry {
  DelayedRules rules;
  base::Bytes ticket;
  std::vector<base::Bytes> fields;  // names and values by turns
};

class DelayedEntries {
 public:
  // No arrival has a higher number.
  static constexpr uint64_t kLastArrival = uint64_t{1} << 62;

  explicit DelayedEntries(const ValueContext& context);
  DelayedEntries(const DelayedEntries&) = delete;
  DelayedEntries& operator=(const DelayedEntries&) = delete;

  // How many wait to be appended.
  [[nodiscard]] size_t size() const { return due_.size(); }
  // The place of the one with this ticket.
  [[nodiscard]] std::optional<StreamId> find(base::ByteView ticket) const;
  // The first place from `from` on.
  [[nodiscard]] std::optional<StreamId> next(const StreamId& from) const;
  // REQUIRES: there is one at this place.
  [[nodiscard]] DelayedEntry read(const StreamId& place) const;

  // Returns the place. Without a ticket it makes one; one that is what it would have made counts as made, so
  // that a log which names all tickets brings back the same. Fails with kTooLarge, or kExhausted when the
  // numbers of arrival are. REQUIRES: no one has this ticket, which has at most kMostTicketBytes; rules in
  // range; fields in pairs, at least one.
  base::Result<StreamId, AppendError> add(const DelayedRules& rules, base::ByteView ticket,
                                          StreamFields fields);
  // Takes one out. REQUIRES: there is one at this place.
  DelayedEntry take(const StreamId& place);
  // The number of the last that arrived, 0 before the first. Never goes back, or tickets would come again.
  [[nodiscard]] uint64_t last_arrival() const { return held_.last_id().seq; }

  // Entries that go. Sets or moves the moment of one; takes it away, if there is one.
  void set_expiry(const StreamId& id, int64_t when_ms);
  void clear_expiry(const StreamId& id) { expiries_.erase(id); }
  // Forgets up to `max` moments of what lies before the first entry there is: trims cut that.
  static constexpr size_t kForgottenAtOnce = 1000;
  void forget_before(const StreamId& first, size_t max = kForgottenAtOnce);
  [[nodiscard]] bool has_expiry_before(const StreamId& first) const;
  [[nodiscard]] std::optional<int64_t> expiry_ms(const StreamId& id) const;
  struct Expiry {
    StreamId id;
    int64_t when_ms;
  };
  // The earliest, of several the one with the lowest id.
  [[nodiscard]] std::optional<Expiry> next_expiry() const;
  [[nodiscard]] size_t expiry_count() const { return expiries_.size(); }

  // When the first is due, kNeverExpires without one.
  [[nodiscard]] int64_t next_due_ms() const;

  // For snapshots, which pin blocks and leaves, and change nothing. Both announce changes under their own
  // addresses.
  [[nodiscard]] const Stream& held() const { return held_; }
  [[nodiscard]] const PendingTree& expiries() const { return expiries_; }
  // For loading. Takes a block of held() over, behind those before; null, or why it cannot be: then all of it
  // is of no use. The number of the last arrival may come before or after. REQUIRES: <= kLastArrival.
  [[nodiscard]] const char* adopt(StreamBlock* block);
  void set_last_arrival(uint64_t number);

  [[nodiscard]] std::unique_ptr<DelayedEntries> clone() const;
  [[nodiscard]] size_t memory_bytes() const;  // This object included.
  [[nodiscard]] size_t part_count() const { return held_.part_count() + expiries_.size(); }
  // Checks its trees; for tests.
  [[nodiscard]] bool consistent() const;
  // Frees about `max` blocks or items, when it is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  [[nodiscard]] uint64_t hash_of(base::ByteView ticket) const;
  [[nodiscard]] bool has_ticket(uint64_t arrival, base::ByteView ticket) const;

  const ValueContext* context_;
  Stream held_;
  BareTree due_;
  BareTree tickets_;
  PendingTree expiries_;
};

}  // namespace sluice::types
