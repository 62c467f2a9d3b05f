// The untyped half of Dict: extendible hashing over segments of at most 4 KiB. Everything here orders itself
// by hash, which is what makes growth incremental and SCAN cursors stable:
//
//   hash      | prefix: which segment | 24 bits: which bucket of it | ... | low 8 bits: fingerprint |
//   directory [2^depth entries] -> segment header | bucket 0 | bucket 1 | ... (1..63 of them)
//   bucket    7 fingerprints, 1 count of entries that passed on, 7 items: exactly one cache line
//
// A full segment is rebuilt bigger, or split in two: bounded work per insert. Only the directory (8 bytes for
// some 300 entries) is ever copied whole. A full bucket passes entries on to the next; `passed` counts them,
// so a lookup stops where nothing went further. The table owns its segments, never the items. Use it through
// ds/dict.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"
#include "base/random.h"
#include "ds/hash_seed.h"
#include "ds/node.h"

namespace sluice::ds {

struct alignas(64) DictBucket {
  static constexpr unsigned kSlots = 7;
  static constexpr uint8_t kPassedForgotten = 255;  // too many to count: stays until the segment is rebuilt

  uint8_t fingerprints[kSlots];  // 0: the slot is free
  uint8_t passed;                // entries at home here or before that live further on
  uint64_t slots[kSlots];

  // One bit (the 8th of a byte) per slot whose fingerprint equals `wanted`.
  [[nodiscard]] uint64_t matches(uint8_t wanted) const {
    constexpr uint64_t kLow = 0x007f7f7f7f7f7f7f;
    uint64_t word = 0;
    std::memcpy(&word, fingerprints, sizeof word);
    word ^= wanted * 0x0001010101010101ULL;
    return ~(((word & kLow) + kLow) | word | kLow) & 0x0080808080808080;
  }
};
static_assert(sizeof(DictBucket) == 64);

struct alignas(64) DictSegment {
  NodeHeader header;
  uint16_t count;
  uint8_t depth;    // bits of the hash that all its entries share
  uint8_t buckets;  // how many follow

  DictBucket* begin() { return reinterpret_cast<DictBucket*>(this + 1); }
};

class DictTable {
 public:
  using KeyOf = base::ByteView (*)(uint64_t item);

  DictTable(const HashSeed& seed, const Epoch& epoch, KeyOf key_of)
      : seed_(&seed), epoch_(&epoch), key_of_(key_of) {}
  DictTable(DictTable&& other) noexcept;
  DictTable& operator=(DictTable&& other) noexcept;
  DictTable(const DictTable&) = delete;
  DictTable& operator=(const DictTable&) = delete;
  ~DictTable();

  // For a snapshot, which walks segments in hash order: the one at `position` and the position behind it, 0
  // at the end. Positions are a scan's; begin with 0. Null in an empty table.
  struct Step {
    NodeHeader* node = nullptr;
    uint64_t next = 0;
  };
  [[nodiscard]] Step segment_from(uint64_t position) const;

  // Frees the segment when nobody else pinned it. For the table and for whoever pinned one.
  static void unpin(DictSegment* segment);

 protected:
  // A directory entry: the segment's address, its bucket count in the low 6 bits (segments are 64-byte
  // aligned) and its depth in the top 8 (Linux hands out no such address). A lookup needs nothing from the
  // segment's header.
  using Entry = uint64_t;
  static constexpr unsigned kMaxDepth = 24;
  static constexpr unsigned kMaxBuckets = 63;
  static constexpr unsigned kPositionBits = 48;  // a cursor stays below 2^53: clients keep it in a double

  static DictSegment* segment_of(Entry entry) {
    return reinterpret_cast<DictSegment*>(entry & 0x00ffffffffffffc0ULL);  // NOLINT: tagged pointer
  }
  static unsigned buckets_of(Entry entry) { return static_cast<unsigned>(entry & 63); }
  static unsigned depth_of(Entry entry) { return static_cast<unsigned>(entry >> 56); }
  static uint8_t fingerprint_of(uint64_t hash) {
    const auto low = static_cast<uint8_t>(hash);
    return low == 0 ? uint8_t{1} : low;
  }
  static unsigned home_of(Entry entry, uint64_t hash) {
    return static_cast<unsigned>((((hash << depth_of(entry)) >> 40) * buckets_of(entry)) >> 24);
  }

  [[nodiscard]] size_t index_of(uint64_t hash) const { return (hash >> 1) >> (63 - depth_); }
  [[nodiscard]] Entry entry_at(size_t index) const { return depth_ == 0 ? top_ : directory()[index]; }
  [[nodiscard]] Entry* directory() const { return reinterpret_cast<Entry*>(top_); }  // REQUIRES: depth_ > 0
  [[nodiscard]] size_t directory_size() const { return depth_ == 0 ? (top_ == 0 ? 0 : 1) : directory_used_; }

  void insert_new(uint64_t item, uint64_t hash);
  // The item's own slot, in a segment that may be changed. REQUIRES: `item` with that hash is in the table.
  uint64_t& slot_for_change(uint64_t item, uint64_t hash);
  void erase_item(uint64_t item, uint64_t hash);
  [[nodiscard]] uint64_t random_item(base::Random& random) const;
  // Calls visit(visitor, item) on each entry whose home is the bucket at `position` and whose own position is
  // not before it. Returns the position after that bucket.
  using Visit = void (*)(void* visitor, uint64_t item);
  uint64_t visit_home(uint64_t position, Visit visit, void* visitor) const;
  // Takes up to `max` entries out of the last segment and drops segments that are empty. Returns how many it
  // took. REQUIRES: size_ > 0.
  size_t take_from_last(size_t max, Visit visit, void* visitor);

  const HashSeed* seed_;
  const Epoch* epoch_;
  KeyOf key_of_;
  uint64_t top_ = 0;  // depth 0: the only segment's entry, or 0; else the address of the directory
  size_t size_ = 0;
  size_t bytes_ = 0;
  uint32_t directory_used_ = 0;  // entries of the directory still in use; less than all only while draining
  uint32_t deepest_ = 0;         // segments as deep as the directory
  uint8_t depth_ = 0;

 private:
  [[nodiscard]] uint64_t hash_of(uint64_t item) const { return seed_->hash(key_of_(item)); }
  [[nodiscard]] size_t first_index(size_t index, Entry entry) const {
    return index >> (depth_ - depth_of(entry)) << (depth_ - depth_of(entry));
  }
  // The hash that begins with a directory index and goes on with zeros.
  [[nodiscard]] uint64_t prefix_of(size_t index) const {
    return depth_ == 0 ? 0 : uint64_t{index} << (64 - depth_);
  }

  // Entries on their way from old segments to new ones.
  struct Loose {
    struct One {
      uint64_t item;
      uint64_t hash;
    };
    unsigned count = 0;
    One entries[kMaxBuckets * DictBucket::kSlots];
  };

  DictSegment* writable(size_t index);
  Entry make_segment(unsigned buckets, unsigned depth);
  void drop_segment(Entry entry);
  void drop_last();
  void set_entries(size_t index, Entry entry);
  void collect(DictSegment* segment, Loose& loose) const;
  Entry settle(const Loose& loose, uint64_t like, unsigned depth);
  void rebuild(size_t index);
  void split(size_t index);
  void shrink(size_t index);
  bool merge(size_t index);
  void double_directory();
  void halve_directory();
  void free_directory();
  void release_all();
};

}  // namespace sluice::ds
