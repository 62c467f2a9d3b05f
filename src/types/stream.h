// The stream value: entries of fields under growing ids, in append-only, reference-counted blocks
// (types/stream_block.h) found by binary search. Blocks end where Redis ends its nodes, since `MAXLEN ~` cuts
// whole ones and clients see where. A stream stays when its last entry goes: its ids never repeat.
//
// Knows no key and no wire; the time comes in as an argument. It owns its consumer groups
// (types/stream_group.h), which change nothing about its entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "types/stream_agenda.h"
#include "types/stream_block.h"
#include "types/stream_group.h"
#include "types/stream_id.h"
#include "types/stream_idempotence.h"
#include "types/stream_trim.h"
#include "types/value_context.h"

namespace sluice::types {

class DelayedEntries;

// Why an entry cannot be added.
enum class AppendError {
  kZeroId,      // 0-0 is no id of an entry
  kNotGreater,  // the id is not above the last one
  kExhausted,   // the last possible id is taken
  kTooLarge,    // names and values take more than kMaxEntryBytes
};

class Stream {
 public:
  static constexpr size_t kMaxEntryBytes = size_t{1} << 30;

  // Stands on one entry that is not deleted, or on none. Dies with the next change of the stream.
  class Cursor {
   public:
    [[nodiscard]] bool valid() const { return entry_.has_value(); }
    // REQUIRES: valid().
    [[nodiscard]] const StreamEntry& entry() const { return *entry_; }
    void next();
    void prev();

   private:
    friend class Stream;
    Cursor(const Stream& stream, size_t block) : stream_(&stream), block_(block) {}
    void skip_deleted(bool forward);
    void step(bool forward);

    const Stream* stream_;
    size_t block_;
    std::optional<StreamEntry> entry_;
  };

  explicit Stream(const ValueContext& context);
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  [[nodiscard]] bool empty() const { return length_ == 0; }
  [[nodiscard]] uint64_t size() const { return length_; }
  [[nodiscard]] const char* encoding() const { return "stream"; }
  [[nodiscard]] size_t memory_bytes() const;  // Everything behind this object.
  [[nodiscard]] size_t block_count() const { return blocks_.size() - head_; }

  [[nodiscard]] const StreamId& last_id() const { return last_id_; }  // Of any entry ever added.
  [[nodiscard]] const StreamId& max_deleted_id() const {
    return max_deleted_id_;
  }  // Of remove(); trims do not count.
  [[nodiscard]] uint64_t entries_added() const { return entries_added_; }
  // Of the first entry there is, 0-0 without one.
  [[nodiscard]] StreamId first_id() const;

  // The id that an XADD asking for `wanted` at `now_ms` gets.
  [[nodiscard]] base::Result<StreamId, AppendError> next_id(const StreamIdRequest& wanted,
                                                            uint64_t now_ms) const;
  // REQUIRES: id > last_id(), at least one field. Fails with kTooLarge only.
  base::Result<void, AppendError> append(const StreamId& id, StreamFields fields);

  // The first entry with at least this id, or the last with at most it.
  [[nodiscard]] Cursor seek(const StreamId& id) const;
  [[nodiscard]] Cursor seek_back(const StreamId& id) const;
  [[nodiscard]] bool contains(const StreamId& id) const;
  // How many entries have a higher id, exactly. O(log n) and one block where nothing above was deleted; as
  // far as something was, one look per block.
  [[nodiscard]] uint64_t entries_after(const StreamId& id) const;

  // True when there was such an entry.
  bool remove(const StreamId& id);
  StreamRemoval trim(const StreamTrim& rule);

  // What a stream remembers beyond its entries, put back by XSETID. REQUIRES: no entry has a higher id.
  void set_last_id(const StreamId& id) { last_id_ = id; }
  void set_entries_added(uint64_t count) { entries_added_ = count; }
  void set_max_deleted_id(const StreamId& id) { max_deleted_id_ = id; }

  // For encoders, in order; deleted entries are still in their blocks. REQUIRES: index < block_count().
  [[nodiscard]] const StreamBlock& block(size_t index) const { return block_at(index); }

  // For loading: takes a block over, at the end. False, and the block freed, when its ids do not lie above
  // those before. last_id, the counters and the groups are set afterwards.
  bool adopt(StreamBlock* block);
  // What one of these had dropped. False when there is none, or that is known already.
  bool restore_dropped(size_t index, const StreamBlock::Dropped& dropped);

  using Groups = std::map<base::Bytes, std::unique_ptr<StreamGroup>, std::less<>>;
  [[nodiscard]] const Groups& groups() const { return groups_; }
  [[nodiscard]] StreamGroup* find_group(base::ByteView name) const;
  // Null when there is one of this name.
  StreamGroup* add_group(base::ByteView name, const StreamId& last_id, int64_t entries_read);
  // Takes a group out, for freeing it in slices; null when there is none.
  std::unique_ptr<StreamGroup> remove_group(base::ByteView name);
  // Whether a group has not read as far as this id, or has it pending.
  [[nodiscard]] bool needed(const StreamId& id) const;
  // Whether a group has read as far as this id, or has it pending.
  [[nodiscard]] bool is_read(const StreamId& id) const;
  // Takes an id out of whatever is pending, for an entry that goes with its references. Returns the names of
  // the groups that had it, in their order, which live as long as the groups do.
  std::vector<base::ByteView> purge_pending(const StreamId& id);
  // The groups that keep dead letters, by their names.
  [[nodiscard]] const PendingIndex::ByName& letter_keepers() const;
  // How many of the entries ever added lie up to this id, deleted ones included, where that can be told
  // without counting; StreamGroup::kUnknown where not.
  [[nodiscard]] int64_t entries_up_to(const StreamId& id) const;

  // What producers sent under names of their own; null before the first did, or limits were set.
  [[nodiscard]] const IdempotenceTable* idempotence() const { return idempotence_.get(); }
  [[nodiscard]] IdempotenceLimits idempotence_limits() const;
  IdempotenceTable& idempotence_table();  // Made if need be.
  // Other limits than before forget what is remembered, which is returned to be freed; the counters go on.
  std::unique_ptr<Stream> set_idempotence_limits(const IdempotenceLimits& limits);

  // --- what acts by itself, and when

  // The earliest moment of anything in it; kNeverExpires for none. It may be too early, never too late. Files
  // anew what is the stream's own.
  [[nodiscard]] int64_t next_deadline_ms();
  // Where keyspace/deadlines keeps the place under which it knows the stream; null before the first moment.
  [[nodiscard]] uint32_t* ticket() { return agenda_ == nullptr ? nullptr : &agenda_->ticket; }
  StreamAgenda& agenda();  // Made if need be.
  // The group that acts next; null: it is the stream's own part. REQUIRES: next_deadline_ms() !=
  // kNeverExpires.
  [[nodiscard]] StreamGroup* next_to_act() const { return agenda_->front(); }
  // Files one of its groups under the group's next moment: after every change of it.
  void follow(StreamGroup& group);

  // Entries that are to be appended later, and when others go (types/delayed_entries.h); null before the
  // first.
  [[nodiscard]] const DelayedEntries* delayed() const { return delayed_.get(); }
  DelayedEntries& delayed_entries();  // Made if need be.
  // When the first of these moments is, kNeverExpires where there is none: nothing can be appended any more
  // once the ids are exhausted.
  [[nodiscard]] int64_t next_delayed_ms() const;

  // Entries, pending entries, consumers, remembered names and the like: how much there is to free. Of many
  // groups no more are counted than it takes to know that it is much.
  static constexpr size_t kManyParts = 1000;
  [[nodiscard]] size_t part_count() const;
  // The same entries in the same blocks, and everything the stream remembers (COPY).
  [[nodiscard]] Stream clone() const;
  // Frees about `max` blocks or parts of a stream that is no longer used otherwise; true while there are
  // more.
  bool release_slice(size_t max);

  // Checks groups, their index and what is delayed; for tests.
  [[nodiscard]] bool consistent() const;
  // Gives back one reference to a block. For the stream and for whoever pinned it.
  static void unpin(StreamBlock* block);

 private:
  static constexpr size_t kNoBlock = SIZE_MAX;
  static constexpr size_t kMinCompaction = 64;
  static constexpr size_t kFreeAtOnceBlocks = 64;
  static constexpr size_t kMaxReservedBytes = size_t{64} << 10;

  // The block that an entry with this id would be in, kNoBlock before the first one. Counted from head_ on.
  [[nodiscard]] size_t block_for(const StreamId& id) const;
  [[nodiscard]] StreamBlock& block_at(size_t index) const { return *blocks_[head_ + index]; }
  [[nodiscard]] bool is_full(const StreamBlock& block, size_t arriving_bytes) const;
  void begin_block(const StreamId& id, StreamFields fields);
  StreamBlock& writable(size_t index);
  // What is dropped for a removal may be freed later (StreamRemoval::remains).
  void drop_block(size_t index, StreamRemoval* removal = nullptr);
  void free_later(StreamBlock* block, StreamRemoval& removal);
  void trim_front(const StreamTrim& rule, StreamRemoval& removal);
  void trim_within(const StreamTrim& rule, StreamRemoval& removal);
  void purge_for(const StreamId& id, StreamRemoval& removal);
  class AckedTrim;
  void trim_acked(const StreamTrim& rule, StreamRemoval& removal);
  [[nodiscard]] const std::shared_ptr<PendingIndex>& groups_index();  // Made when there is none.

  const ValueContext* context_;
  std::vector<StreamBlock*> blocks_;  // By master id; those before head_ are gone.
  size_t head_ = 0;
  size_t block_bytes_ = 0;
  uint64_t length_ = 0;
  uint64_t entries_added_ = 0;
  uint64_t placed_ = 0;    // Entries that ever came into a block here; XSETID says nothing about these.
  StreamId highest_hole_;  // No entry above it was deleted, trims from the front aside.
  StreamId last_id_;
  StreamId max_deleted_id_;
  Groups groups_;
  std::unique_ptr<IdempotenceTable> idempotence_;
  std::unique_ptr<DelayedEntries> delayed_;
  std::shared_ptr<PendingIndex> pending_index_;  // From the first group on.
  std::unique_ptr<TrimMemory> trim_memory_;      // From the first trim by kAcked on.
  std::unique_ptr<StreamAgenda> agenda_;         // From the first moment on.
};

}  // namespace sluice::types
