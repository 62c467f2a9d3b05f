// What commands on consumer groups share: a group found for changing, consumers met on the way, and what the
// log is told of it all. Changes of a group touch no watcher and wake nobody, as in Redis; what must wake
// waiters says so.
//
// In the log a delivery is the claim it amounts to, with its time and count, and where the group stands
// follows as XGROUP SETID: Redis 7.0 replays both. An entry that is gone from the stream is acknowledged. One
// that is given back is a record of ours (XNACK), hidden from Redis, which lacks a word for it.
// Holds an Edit: finish() ends it, whatever was done, and files the group under what it does by itself next.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/family.h"
#include "types/stream.h"
#include "types/stream_counts.h"

namespace sluice::commands {

inline constexpr ByteView kXgroupNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the "
    "MKSTREAM option to create an empty stream automatically.";

// A word of the client's in an error, as Redis prints it: up to a NUL.
std::string quoted(ByteView word);
// "NOGROUP No such key 'k' or consumer group 'g'".
std::string no_such_group(ByteView key, ByteView group);
// "NOGROUP No such consumer group 'g' for key name 'k'".
std::string no_group_of_key(ByteView group, ByteView key);

// Something happened to the key that subscribers hear of, and nobody else.
void announce(Call& call, const keyspace::Event& event, ByteView key);
// Those who wait for the key look at it again.
void wake_readers(Call& call, ByteView key);
// Those who wait for something idle (XREADGROUP CLAIM) chose their moment by what was delivered longest ago;
// they choose anew if that is longer ago than before the change.
void wake_claimers(Call& call, ByteView key, const types::StreamGroup& group,
                   std::optional<int64_t> earliest_before_ms);

// How often an entry has been delivered after one more time.
[[nodiscard]] constexpr uint64_t one_more(uint64_t deliveries) {
  return deliveries < types::kMostCounted ? deliveries + 1 : types::kMostCounted;
}
// What was delivered up to here is idle for long enough.
[[nodiscard]] constexpr int64_t latest_delivery_ms(int64_t now_ms, int64_t min_idle_ms) {
  return min_idle_ms <= 0 ? INT64_MAX : now_ms - min_idle_ms;
}

class GroupEdit {
 public:
  GroupEdit(Call& call, ByteView key, ByteView name, Edit<types::Stream> stream);
  GroupEdit(GroupEdit&&) = default;

  // False: there is no such key, or no such group; finish() is not needed then.
  explicit operator bool() const { return group_ != nullptr; }
  [[nodiscard]] const types::Stream& stream() const { return stream_.peek(); }
  [[nodiscard]] ByteView key() const { return key_; }
  [[nodiscard]] ByteView name() const { return name_; }
  [[nodiscard]] const types::StreamGroup& peek() const { return *group_; }
  // To be changed.
  types::StreamGroup& group() {
    (void)*stream_;
    return *group_;
  }

  // The consumer of this name, created if need be, who is seen now.
  types::StreamConsumer& meet(ByteView consumer);

  // Hands an entry out, pending or not before.
  void deliver(const types::StreamId& id, const types::StreamGroup::Delivery& delivery);
  // Shows a consumer once more what it has: it got nothing by that, which replay knows by the missing LASTID.
  void deliver_again(const types::StreamId& id, const types::StreamGroup::Delivery& delivery);
  // REQUIRES: nothing is pending with it.
  void remove(types::StreamConsumer& consumer);

  // Gives an entry back to the group, pending or not before, at once or at a moment.
  void release(const types::StreamId& id, uint64_t deliveries);
  void delay(const types::StreamId& id, uint64_t deliveries, int64_t until_ms);
  // Drops what is pending of an entry: the stream no longer has it, or it is given up.
  void drop(const types::StreamId& id);
  // The group stands at `id` now, without anything being pending for it.
  void advance(const types::StreamId& id);
  void move_to(const types::StreamId& id);

  // Ends the change and completes what the log is told.
  void finish();

 private:
  // Entries delivered, given back or dropped, one behind the other alike: one record.
  enum class Deed : uint8_t { kDelivered, kDeliveredAgain, kGivenBack, kDropped };
  struct Run {
    Deed deed = Deed::kDelivered;
    types::StreamGroup::Delivery delivery;
    int64_t until_ms = types::PendingEntry::kNotDelayed;
    std::vector<types::StreamIdText> ids;

    [[nodiscard]] bool is_like(const Run& other) const;
  };
  static constexpr size_t kIdsPerRecord = 1000;

  [[nodiscard]] bool logs() const { return call_->entrance != Entrance::kReplay; }
  void note(const types::StreamId& id, const Run& what);
  void end_run();
  void log_given_back();

  Call* call_;
  ByteView key_;
  ByteView name_;
  Edit<types::Stream> stream_;
  types::StreamGroup* group_ = nullptr;
  Run run_;
  uint64_t changes_ = 0;
  bool moved_ = false;
};

// The group for changing; an error is replied for another type only.
base::Result<GroupEdit, keyspace::Refusal> edit_group(Call& call, ByteView key, ByteView name);

// The same as XGROUP's subcommands find it. Nothing: an error was replied.
std::optional<GroupEdit> edit_group_of_xgroup(Call& call, ByteView key, ByteView name);

}  // namespace sluice::commands
