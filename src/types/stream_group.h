// A consumer group of a stream: how far it has read, who reads, and what was handed out and not acknowledged
// yet. Pending entries are found by id and by when they were last delivered, so that claiming what is idle
// never walks what is not; each consumer knows its own by id. A pending entry may outlive the stream's entry.
// A released one (XNACK) is still pending, but nobody's: it stands before all others in the order of time. A
// delayed one is nobody's either, and will be released at a moment: it stands behind all others, and is never
// idle.
//
//   group     tree by id (types/id_tree.h):  1-0 {worker-1, delivered 17:00:02, once} -> 1-1 {...}
//             in the order of time:          released 3-0 -> 17:00:01 1-1 -> 17:00:02 1-0 -> until 17:05 1-2
//   consumer  tree by id:                    1-0 {17:00:02}, in the order of time as well
//
// A group that has a policy (types/group_policy.h), or delayed entries, acts by itself: it answers when next,
// and what is due then, and leaves it to others to do it.
//
// The owner is the stream. Times are unix milliseconds and come in as arguments, one before 1970 counts as
// 1970; entries are handed out as copies, pointers to consumers stay good until those are removed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "ds/node.h"
#include "types/group_policy.h"
#include "types/id_tree.h"
#include "types/moment.h"
#include "types/pending_index.h"
#include "types/stream_id.h"

namespace sluice::types {

class StreamConsumer;
class StreamGroup;
class TrimMemory;

// A copy of what the group knows about an entry.
struct PendingEntry {
  StreamId id;
  int64_t delivered_ms = 0;  // 0 when it is nobody's
  uint64_t deliveries = 0;
  StreamConsumer* consumer = nullptr;  // null when it is released, or delayed
  int64_t until_ms = kNotDelayed;

  static constexpr int64_t kNotDelayed = -1;
  [[nodiscard]] bool released() const { return consumer == nullptr && until_ms == kNotDelayed; }
  [[nodiscard]] bool delayed() const { return until_ms != kNotDelayed; }
};

class StreamConsumer {
 public:
  static constexpr int64_t kNever = -1;

  StreamConsumer(const StreamConsumer&) = delete;
  StreamConsumer& operator=(const StreamConsumer&) = delete;

  [[nodiscard]] const base::Bytes& name() const { return name_; }
  [[nodiscard]] size_t pending_count() const { return pending_.size(); }
  // visit(OwnLeaf&), in order; for snapshots, which pin leaves and change nothing.
  template <class Visit>
  void for_each_leaf(Visit&& visit) const {
    pending_.for_each_leaf(visit);
  }
  // The first of its pending ids from `from` on.
  [[nodiscard]] std::optional<StreamId> next_own(const StreamId& from) const;
  // The same among those delivered at `latest_ms` or before.
  [[nodiscard]] std::optional<StreamId> next_idle_own(const StreamId& from, int64_t latest_ms) const;

  int64_t seen_ms = 0;         // the last time it asked for anything
  int64_t active_ms = kNever;  // the last time it got something

 private:
  friend class StreamGroup;
  StreamConsumer(base::ByteView name, const ds::Epoch& epoch, const StreamGroup& group, uint32_t number)
      : name_(name), pending_(epoch, &group), number_(number) {}

  base::Bytes name_;
  OwnTree pending_;
  uint32_t number_;  // by which pending entries name it
  bool asked_ = false;
  int64_t look_ms_ = kNeverExpires;  // when the group looks whether it is still there
};

class StreamGroup {
 public:
  // The last moment until which an entry can be delayed.
  static constexpr int64_t kLastMoment = KeyMins::kBands[2] - 2;
  // entries_read() of a group that was set to an id in the middle of a stream.
  static constexpr int64_t kUnknown = -1;

  // Delivers what lies behind `start`; up to there are `before` entries. Its leaves announce their changes to
  // the epoch, in its own name.
  StreamGroup(const ds::Epoch& epoch, const StreamId& start, int64_t before)
      : entries_read(before), epoch_(&epoch), last_id_(start), pending_(epoch, this) {}
  StreamGroup(const StreamGroup&) = delete;
  StreamGroup& operator=(const StreamGroup&) = delete;
  ~StreamGroup();

  int64_t entries_read;  // how many entries of the stream lie up to last_id(), or kUnknown
  // Of what was delivered last.
  [[nodiscard]] const StreamId& last_id() const { return last_id_; }
  void set_last_id(const StreamId& id);
  TrimMemory* trim_memory = nullptr;  // the stream's: told of each id that stops being pending

  using Consumers = std::map<base::Bytes, std::unique_ptr<StreamConsumer>, std::less<>>;
  [[nodiscard]] const Consumers& consumers() const { return consumers_; }
  [[nodiscard]] StreamConsumer* find_consumer(base::ByteView name) const;
  // REQUIRES: there is none of this name.
  StreamConsumer& add_consumer(base::ByteView name, int64_t seen_ms);
  // Drops what it has pending, too; returns how much that was. What was released stays.
  uint64_t remove_consumer(StreamConsumer& consumer);

  [[nodiscard]] size_t pending_count() const { return pending_.size(); }
  [[nodiscard]] size_t released_count() const { return released_; }
  // Released or delayed.
  [[nodiscard]] size_t unowned_count() const { return released_ + delayed_; }
  [[nodiscard]] std::optional<PendingEntry> find_pending(const StreamId& id) const;
  // The first with at least this id; loops step with next_pending(*id.next()).
  [[nodiscard]] std::optional<PendingEntry> next_pending(const StreamId& from) const;
  [[nodiscard]] std::optional<StreamId> last_pending() const;
  // As next_pending(), among those released, or delivered at `latest_ms` or before. Delayed ones never are.
  [[nodiscard]] std::optional<PendingEntry> next_idle(const StreamId& from, int64_t latest_ms) const;
  // The one that is to be claimed first: released before all others, else delivered before all others, else
  // the first that is delayed.
  [[nodiscard]] std::optional<PendingEntry> longest_idle() const;
  // The one that somebody has for longest, and when that was delivered: for timers and leases.
  [[nodiscard]] std::optional<PendingEntry> first_delivered() const;
  [[nodiscard]] std::optional<int64_t> earliest_delivery_ms() const;
  // The delayed one that is to be released first.
  [[nodiscard]] std::optional<PendingEntry> first_delayed() const;

  // How an entry was handed out. No consumer: it is being loaded, and deliver() will say whose it is.
  struct Delivery {
    StreamConsumer* consumer = nullptr;
    int64_t delivered_ms = 0;
    uint64_t deliveries = 1;
  };
  // False when the id is pending already.
  bool add_pending(const StreamId& id, const Delivery& delivery);
  bool add_released(const StreamId& id, uint64_t deliveries);
  bool add_delayed(const StreamId& id, uint64_t deliveries, int64_t until_ms);
  // Hands a pending entry to a consumer, maybe the same, at a time. REQUIRES (deliver, release, delay): it is
  // pending.
  void deliver(const StreamId& id, const Delivery& delivery);
  // Takes it from its consumer, and puts it behind all that were released before.
  void release(const StreamId& id, uint64_t deliveries);
  // Takes it from its consumer; nobody is to have it before that moment.
  void delay(const StreamId& id, uint64_t deliveries, int64_t until_ms);
  // False when there was none.
  bool acknowledge(const StreamId& id);

  // --- what the group does by itself

  // Consumers that are filed in one go, by set_policy() too.
  static constexpr size_t kFiledAtOnce = 1000;

  // Whether it may do anything by itself.
  [[nodiscard]] bool acts() const { return acting_ != nullptr || delayed_ > 0; }
  [[nodiscard]] const GroupPolicy& policy() const;
  void set_policy(const GroupPolicy& policy);
  // The next moment at which a lease or a delay ends or a consumer is to be looked at; kNeverExpires for
  // none.
  [[nodiscard]] int64_t next_deadline_ms() const;
  // A consumer that is to be looked at: it may not have been seen for too long.
  struct Look {
    int64_t at_ms = kNeverExpires;
    StreamConsumer* consumer = nullptr;
    bool asked = false;  // who waits as this consumer was asked to show
  };
  [[nodiscard]] Look next_look() const;
  void look_again(StreamConsumer& consumer, int64_t at_ms, bool asked);
  // With another time to live every consumer is filed anew, a bounded number at a time: until all are, the
  // group is due, and looks at nobody.
  [[nodiscard]] bool all_filed() const {
    return acting_ == nullptr || acting_->filed_up_to == numbered_.size();
  }
  void file_looks(size_t max);          // REQUIRES: !all_filed().
  int64_t filed_ms = kNeverExpires;     // by the agenda of its stream,
  const base::Bytes* called = nullptr;  // which knows it by this name, as the index of the stream does

  // For snapshots. Leaves are visited in order, as visit(PendingLeaf&), to be pinned, not to be changed. What
  // was released is known by an order that only compares; an entry that comes with one takes its place in it.
  static constexpr uint64_t kLastReleaseOrder = uint64_t{1} << 62;
  template <class Visit>
  void for_each_leaf(Visit&& visit) const {
    pending_.for_each_leaf(visit);
  }
  [[nodiscard]] static bool is_unowned(const PendingItem& item) { return item.consumer == kNobody; }
  [[nodiscard]] static bool is_released(const PendingItem& item) { return item.time_key < 0; }
  [[nodiscard]] static bool is_delayed(const PendingItem& item) { return item.time_key >= kFirstDelayedKey; }
  // REQUIRES: is_delayed(item).
  [[nodiscard]] static int64_t delayed_until_ms(const PendingItem& item) {
    return item.time_key - kFirstDelayedKey;
  }
  // REQUIRES: is_released(item).
  [[nodiscard]] static uint64_t release_order(const PendingItem& item) {
    return static_cast<uint64_t>(item.time_key - kFirstReleasedKey);
  }
  // False when it is pending already. REQUIRES: order <= kLastReleaseOrder.
  bool restore_released(const StreamId& id, uint64_t order, uint64_t deliveries);

  // Pending entries in the order in which they are to be claimed: released ones in the order of their
  // release, then by the time of their delivery, ties by id; those delayed come last. Dies with the next
  // change of the group.
  class IdleWalk {
   public:
    std::optional<PendingEntry> next();

   private:
    friend class StreamGroup;
    explicit IdleWalk(const StreamGroup& group) : group_(&group), walk_(group.pending_) {}

    const StreamGroup* group_;
    PendingTree::TimeWalk walk_;
  };
  [[nodiscard]] IdleWalk walk_idle() const { return IdleWalk(*this); }

  // Becomes one of those that the index of a stream knows, or leaves them, to be freed.
  void join(std::shared_ptr<PendingIndex> index);
  void leave();

  // The same with consumers of its own, which no index knows.
  [[nodiscard]] std::unique_ptr<StreamGroup> clone() const;
  [[nodiscard]] size_t memory_bytes() const;  // This object included.
  // Pending entries and consumers: how much there is to free.
  [[nodiscard]] size_t part_count() const { return pending_count() + consumers_.size(); }
  // Frees about `max` parts of a group that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);
  // Checks its trees, and that they say the same; for tests.
  [[nodiscard]] bool consistent() const;

 private:
  friend class PendingIndex;

  // Time keys are times of delivery; released ones are numbered from the lowest key on instead, in the order
  // of their release, and those of delayed ones are the moments of their release, counted from behind all
  // others. So each kind is a band of the tree's keys.
  static constexpr int64_t kFirstReleasedKey = INT64_MIN;
  static constexpr size_t kDeliveredBand = 1;
  static constexpr size_t kDelayedBand = 2;
  static constexpr int64_t kFirstDelayedKey = KeyMins::kBands[kDelayedBand];
  static constexpr uint32_t kNobody = 0;  // consumers are numbered from 1 on

  [[nodiscard]] std::optional<PendingEntry> entry_of(const std::optional<PendingItem>& item) const;
  [[nodiscard]] StreamConsumer* consumer_of(const PendingItem& item) const {
    return item.consumer == kNobody ? nullptr : numbered_[item.consumer - 1];
  }
  void count(const PendingItem& item, int step);
  static int64_t key_of(int64_t delivered_ms);
  static int64_t delayed_key_of(int64_t until_ms);
  void move_to(const PendingItem& before, const PendingItem& item);
  void file_look(StreamConsumer& consumer, int64_t at_ms);
  [[nodiscard]] int64_t take_released_key() { return kFirstReleasedKey + released_ever_++; }

  const ds::Epoch* epoch_;
  std::shared_ptr<PendingIndex> index_;  // null in no stream
  PendingIndex::Standing standing_ = PendingIndex::Standing::kNothing;
  uint32_t index_number_ = 0;  // by which the index knows it
  StreamId last_id_;
  PendingTree pending_;
  size_t released_ = 0;
  size_t delayed_ = 0;
  int64_t released_ever_ = 0;
  Consumers consumers_;
  std::vector<StreamConsumer*> numbered_;  // null where a number is free
  std::vector<uint32_t> free_numbers_;
  struct Acting {
    GroupPolicy policy;
    std::set<std::pair<int64_t, StreamConsumer*>> looks;  // with a time to live: every consumer once
    size_t filed_up_to = 0;  // consumers with lower numbers are filed by the policy as it is
  };
  std::unique_ptr<Acting> acting_;  // from the first policy on
};

}  // namespace sluice::types
