// A run of stream entries in one listpack, laid out as Redis keeps and saves them (published in its
// src/t_stream.c), so that an RDB file takes the bytes as they are:
//
//   master:  live | deleted | n | name 1 .. name n | 0
//   entry:   flags | ms - master ms | seq - master seq | value 1 .. value n                  | elements
//   before this or:      flags | ms - master ms | seq - master seq | m | name 1 | value 1 .. value m     |
//   elements before this
//
// The master holds the field names of the first entry; entries with the same names store values only.
// Deleting sets a flag. Once more than half of a block is deleted entries, compact() drops them: the last
// entry alone leaves a mark with its id, so that the block still ends where it did. What was dropped goes on
// being counted by deleted() and bytes(), which decide when the block is full; a file gets what is there.
// Whoever holds a block counts references in the header it starts with (ds/node.h); the
// block knows neither the stream it belongs to nor when it is full. Entries handed out are views: they die
// with the next change of the block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "ds/listpack.h"
#include "ds/node.h"
#include "types/stream_id.h"

namespace sluice::types {

// Names and values by turns, as XADD gets them.
using StreamFields = std::span<const base::ByteView>;

class StreamEntry {
 public:
  StreamId id;
  bool deleted = false;

  [[nodiscard]] size_t size() const { return count_; }  // Fields.
  // visit(const ds::Element& name, const ds::Element& value), in the order they were added.
  template <class Visit>
  void for_each(Visit&& visit) const;

 private:
  friend class StreamBlock;
  explicit StreamEntry(ds::ListpackView view) : view_(view) {}

  ds::ListpackView view_;
  size_t position_ = 0;  // Of the flags.
  size_t names_ = 0;     // The first name: in the master, or in the entry itself.
  size_t values_ = 0;    // The first value; with own names, the same place as names_.
  size_t count_ = 0;
  bool same_names_ = false;
};

class StreamBlock : public ds::NodeHeader {
 public:
  // A block that begins with this entry, whose names become the master's. `room` as for reserve().
  StreamBlock(const StreamId& id, StreamFields fields, size_t room = 0);
  // A block from outside; null when the listpack is not laid out as above, or ids of entries that are not
  // deleted do not grow. REQUIRES: it is canonical.
  [[nodiscard]] static StreamBlock* checked(const StreamId& master_id, ds::Listpack pack);
  // The same bytes in a block of its own, with one reference.
  [[nodiscard]] StreamBlock* clone() const;

  [[nodiscard]] const StreamId& master_id() const { return master_id_; }
  [[nodiscard]] uint64_t live() const { return number_at(pack_.view().first()); }
  // Both as if nothing had ever been dropped.
  [[nodiscard]] uint64_t deleted() const { return marked() + dropped_.entries; }
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] base::ByteView listpack() const { return pack_.block(); }
  [[nodiscard]] size_t memory_bytes() const;  // This object included.

  // What compact() dropped for good, and deleted() and bytes() go on counting. Set for a block from outside.
  struct Dropped {
    uint32_t entries = 0;
    uint32_t bytes = 0;
  };
  [[nodiscard]] const Dropped& dropped() const { return dropped_; }
  void set_dropped(const Dropped& dropped) { dropped_ = dropped; }

  // How many entries the stream got before this block, deleted ones included. For the stream to set.
  uint64_t ordinal = 0;

  // Walking; deleted entries are shown and marked.
  [[nodiscard]] StreamEntry first() const;
  [[nodiscard]] StreamEntry last() const;
  [[nodiscard]] std::optional<StreamEntry> next(const StreamEntry& entry) const;
  [[nodiscard]] std::optional<StreamEntry> prev(const StreamEntry& entry) const;

  // Room for so many bytes in all, so that a block which is likely to get that big does not grow step by
  // step; and what is left of it given back. Neither changes a byte, but both may move them. REQUIRES: not
  // pinned.
  void reserve(size_t bytes) { pack_.reserve(bytes); }
  void tighten() { pack_.tighten(); }
  // REQUIRES: `id` is above that of the last entry.
  void append(const StreamId& id, StreamFields fields);
  // REQUIRES: the entry is of this block and not deleted.
  void remove(const StreamEntry& entry);
  // Deletes from the front on, until stop(entry) holds for one, deleted or not. Returns how many it deleted.
  template <class Stop>
  uint64_t remove_until(Stop stop);
  // Deletes the entries with these ids. REQUIRES: all are here and not deleted; in order, at least one.
  void remove_listed(std::span<const StreamId> ids);
  // Whether compact() would give back more than half of the bytes.
  [[nodiscard]] bool is_hollow() const { return hole_bytes_ > pack_.bytes() / 2; }
  // Drops the deleted entries. Positions from before are dead.
  void compact();

 private:
  StreamBlock(const StreamId& master_id, ds::Listpack pack) : master_id_(master_id), pack_(std::move(pack)) {}

  [[nodiscard]] uint64_t number_at(size_t position) const {
    return static_cast<uint64_t>(pack_.view().get(position).number);
  }
  [[nodiscard]] size_t names_position() const;
  [[nodiscard]] bool has_master_names(StreamFields fields) const;
  void append_entry(const StreamId& id, StreamFields fields, bool same_names);
  [[nodiscard]] StreamEntry entry_at(size_t position) const;
  // A flag keeps its width, so every position outlives this; the counts do not, so they follow once, at the
  // end.
  void set_deleted_flag(const StreamEntry& entry);
  void count_deleted(uint64_t count);
  // Deleted entries that are still in the listpack.
  [[nodiscard]] uint64_t marked() const;
  // Where the listpack goes on behind an entry; kNone at its end.
  [[nodiscard]] size_t end_of(const StreamEntry& entry) const;
  [[nodiscard]] uint32_t bytes_of(const StreamEntry& entry) const;
  void measure_holes();
  void append_mark(const StreamId& id);

  StreamId master_id_;
  ds::Listpack pack_;
  uint32_t hole_bytes_ = 0;  // of entries in the listpack that are deleted; the mark of compact() aside
  Dropped dropped_;
};

template <class Visit>
void StreamEntry::for_each(Visit&& visit) const {
  size_t name = names_;
  size_t value = same_names_ ? values_ : view_.next(names_);
  for (size_t left = count_; left > 0; --left) {
    visit(view_.get(name), view_.get(value));
    if (left == 1) break;
    name = same_names_ ? view_.next(name) : view_.next(value);
    value = same_names_ ? view_.next(value) : view_.next(name);
  }
}

template <class Stop>
uint64_t StreamBlock::remove_until(Stop stop) {
  uint64_t count = 0;
  for (std::optional<StreamEntry> entry = first(); entry && !stop(*entry); entry = next(*entry)) {
    if (entry->deleted) continue;
    set_deleted_flag(*entry);
    ++count;
  }
  count_deleted(count);
  return count;
}

}  // namespace sluice::types
