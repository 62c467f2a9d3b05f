#include "ds/dict_table.h"

#include <array>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/check.h"

namespace sluice::ds {

namespace {

// Bucket counts a segment may have. One header line and 2^n - 1 buckets fill an allocation exactly; 47 is the
// step that keeps the halves of a split segment well filled.
constexpr std::array<uint8_t, 7> kBucketSteps = {1, 3, 7, 15, 31, 47, 63};
constexpr uint64_t kBucketSpace = uint64_t{1} << 24;  // what the bits that choose a bucket count up to
constexpr unsigned kTopByte = 56;
// Sisters join when they hold no more than this together: well below what made them split.
constexpr unsigned kMergeLimit = 200;

constexpr unsigned slots_of(unsigned buckets) {
  return buckets * DictBucket::kSlots;
}
// Entries a segment takes before it is rebuilt: seven eighths; one lone bucket may be full.
constexpr unsigned limit_of(unsigned buckets) {
  return buckets == 1 ? DictBucket::kSlots : slots_of(buckets) * 7 / 8;
}
constexpr size_t segment_bytes(unsigned buckets) {
  return sizeof(DictSegment) + buckets * sizeof(DictBucket);
}

// The smallest segment that holds `count` entries and leaves room for some more.
unsigned buckets_for(unsigned count) {
  for (const unsigned buckets : kBucketSteps) {
    if (count + count / 8 + 1 <= limit_of(buckets)) return buckets;
  }
  return kBucketSteps.back();
}

void place(DictSegment* segment, unsigned home, uint64_t item, uint8_t fingerprint) {
  for (unsigned at = home;;) {
    DictBucket& bucket = segment->begin()[at];
    const uint64_t free_slots = bucket.matches(0);
    if (free_slots != 0) {
      const auto slot = static_cast<unsigned>(std::countr_zero(free_slots) / 8);
      bucket.fingerprints[slot] = fingerprint;
      bucket.slots[slot] = item;
      return;
    }
    if (bucket.passed != DictBucket::kPassedForgotten) ++bucket.passed;
    if (++at == segment->buckets) at = 0;
  }
}

}  // namespace

DictTable::DictTable(DictTable&& other) noexcept
    : seed_(other.seed_),
      epoch_(other.epoch_),
      key_of_(other.key_of_),
      top_(std::exchange(other.top_, 0)),
      size_(std::exchange(other.size_, 0)),
      bytes_(std::exchange(other.bytes_, 0)),
      directory_used_(std::exchange(other.directory_used_, 0)),
      deepest_(std::exchange(other.deepest_, 0)),
      depth_(std::exchange(other.depth_, uint8_t{0})) {}

DictTable& DictTable::operator=(DictTable&& other) noexcept {
  if (this == &other) return *this;
  release_all();
  seed_ = other.seed_;
  epoch_ = other.epoch_;
  key_of_ = other.key_of_;
  top_ = std::exchange(other.top_, 0);
  size_ = std::exchange(other.size_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  directory_used_ = std::exchange(other.directory_used_, 0);
  deepest_ = std::exchange(other.deepest_, 0);
  depth_ = std::exchange(other.depth_, uint8_t{0});
  return *this;
}

DictTable::~DictTable() {
  release_all();
}

void DictTable::unpin(DictSegment* segment) {
  if (--segment->header.refs == 0) std::free(segment);
}

DictTable::Entry DictTable::make_segment(unsigned buckets, unsigned depth) {
  const size_t bytes = segment_bytes(buckets);
  void* memory = std::aligned_alloc(alignof(DictSegment), bytes);
  SLUICE_CHECK(memory != nullptr, "out of memory");
  SLUICE_CHECK(reinterpret_cast<uint64_t>(memory) >> kTopByte == 0,
               "the top byte of an address carries the depth");
  std::memset(memory, 0, bytes);
  auto* segment = new (memory) DictSegment{};
  segment->header.epoch = epoch_->current;
  segment->depth = static_cast<uint8_t>(depth);
  segment->buckets = static_cast<uint8_t>(buckets);
  bytes_ += bytes;
  return reinterpret_cast<uint64_t>(memory) | buckets | uint64_t{depth} << kTopByte;
}

void DictTable::drop_segment(Entry entry) {
  bytes_ -= segment_bytes(buckets_of(entry));
  unpin(segment_of(entry));
}

void DictTable::set_entries(size_t index, Entry entry) {
  if (depth_ == 0) {
    top_ = entry;
    return;
  }
  const size_t span = size_t{1} << (depth_ - depth_of(entry));
  for (size_t i = 0; i < span; ++i) directory()[index + i] = entry;
}

// The segment behind a directory index, announced to the snapshot and safe to change.
DictSegment* DictTable::writable(size_t index) {
  const Entry entry = entry_at(index);
  DictSegment* segment = segment_of(entry);
  announce_change(*epoch_, segment->header, this);
  if (!is_pinned(segment->header)) [[likely]]
    return segment;
  const Entry fresh = make_segment(buckets_of(entry), depth_of(entry));
  DictSegment* copy = segment_of(fresh);
  copy->count = segment->count;
  std::memcpy(copy->begin(), segment->begin(), buckets_of(entry) * sizeof(DictBucket));
  set_entries(first_index(index, entry), fresh);
  drop_segment(entry);
  return copy;
}

void DictTable::insert_new(uint64_t item, uint64_t hash) {
  if (top_ == 0) {
    top_ = make_segment(kBucketSteps.front(), 0);
    directory_used_ = 1;
    deepest_ = 1;
  }
  for (;;) {
    const size_t index = index_of(hash);
    const Entry entry = entry_at(index);
    const unsigned buckets = buckets_of(entry);
    if (segment_of(entry)->count < limit_of(buckets)) [[likely]] {
      DictSegment* segment = writable(index);
      place(segment, home_of(entry, hash), item, fingerprint_of(hash));
      ++segment->count;
      ++size_;
      return;
    }
    if (buckets < kMaxBuckets) {
      rebuild(index);
    } else {
      split(index);
    }
  }
}

uint64_t& DictTable::slot_for_change(uint64_t item, uint64_t hash) {
  DictSegment* segment = writable(index_of(hash));
  const Entry entry = entry_at(index_of(hash));
  unsigned at = home_of(entry, hash);
  for (unsigned probes = 0; probes < segment->buckets; ++probes) {
    DictBucket& bucket = segment->begin()[at];
    for (uint64_t match = bucket.matches(fingerprint_of(hash)); match != 0; match &= match - 1) {
      uint64_t& slot = bucket.slots[std::countr_zero(match) / 8];
      if (slot == item) return slot;
    }
    if (++at == segment->buckets) at = 0;
  }
  SLUICE_CHECK(false, "an item to replace is in the dict under its hash");
}

void DictTable::erase_item(uint64_t item, uint64_t hash) {
  const size_t index = index_of(hash);
  DictSegment* segment = writable(index);
  for (unsigned at = home_of(entry_at(index), hash), probes = 0; probes < segment->buckets; ++probes) {
    DictBucket& bucket = segment->begin()[at];
    for (uint64_t match = bucket.matches(fingerprint_of(hash)); match != 0; match &= match - 1) {
      const auto slot = static_cast<unsigned>(std::countr_zero(match) / 8);
      if (bucket.slots[slot] != item) continue;
      bucket.fingerprints[slot] = 0;
      --segment->count;
      --size_;
      if (segment->count * 4U < slots_of(segment->buckets)) shrink(index);
      return;
    }
    // The entry lives further on, so it was counted here.
    if (bucket.passed != DictBucket::kPassedForgotten) --bucket.passed;
    if (++at == segment->buckets) at = 0;
  }
  SLUICE_CHECK(false, "an item to erase is in the dict under its hash");
}

// Hashes every entry of `segment` and appends them to `loose`.
void DictTable::collect(DictSegment* segment, Loose& loose) const {
  // Keys lie in scattered memory: asking for a later bucket's while hashing this one's hides most of the
  // wait.
  const auto prefetch_keys = [](const DictBucket& bucket) {
    for (unsigned s = 0; s < DictBucket::kSlots; ++s) {
      if (bucket.fingerprints[s] != 0) __builtin_prefetch(reinterpret_cast<const void*>(bucket.slots[s]));
    }
  };
  constexpr unsigned kAhead = 2;
  for (unsigned b = 0; b < kAhead && b < segment->buckets; ++b) prefetch_keys(segment->begin()[b]);
  for (unsigned b = 0; b < segment->buckets; ++b) {
    if (b + kAhead < segment->buckets) prefetch_keys(segment->begin()[b + kAhead]);
    const DictBucket& bucket = segment->begin()[b];
    for (unsigned s = 0; s < DictBucket::kSlots; ++s) {
      if (bucket.fingerprints[s] == 0) continue;
      loose.entries[loose.count++] = {bucket.slots[s], hash_of(bucket.slots[s])};
    }
  }
}

// Makes a segment for those of `loose` whose hash begins like `like` in its first `depth` bits.
DictTable::Entry DictTable::settle(const Loose& loose, uint64_t like, unsigned depth) {
  const auto belongs = [like, depth](uint64_t hash) {
    return depth == 0 || (hash ^ like) >> (64 - depth) == 0;
  };
  unsigned count = 0;
  for (unsigned i = 0; i < loose.count; ++i) count += belongs(loose.entries[i].hash) ? 1 : 0;
  const Entry entry = make_segment(buckets_for(count), depth);
  DictSegment* segment = segment_of(entry);
  segment->count = static_cast<uint16_t>(count);
  for (unsigned i = 0; i < loose.count; ++i) {
    const auto [item, hash] = loose.entries[i];
    if (belongs(hash)) place(segment, home_of(entry, hash), item, fingerprint_of(hash));
  }
  return entry;
}

// Rebuilds one segment at the size that suits its entries.
void DictTable::rebuild(size_t index) {
  const Entry entry = entry_at(index);
  announce_change(*epoch_, segment_of(entry)->header, this);
  Loose loose;
  collect(segment_of(entry), loose);
  const size_t first = first_index(index, entry);
  set_entries(first, settle(loose, prefix_of(first), depth_of(entry)));
  drop_segment(entry);
}

void DictTable::split(size_t index) {
  const Entry entry = entry_at(index);
  const unsigned depth = depth_of(entry) + 1;
  SLUICE_CHECK(depth <= kMaxDepth, "a secret hash spreads keys evenly");
  announce_change(*epoch_, segment_of(entry)->header, this);
  Loose loose;
  collect(segment_of(entry), loose);
  size_t first = first_index(index, entry);
  if (depth > depth_) {
    double_directory();
    first *= 2;
  }
  const size_t second = first + (size_t{1} << (depth_ - depth));
  set_entries(first, settle(loose, prefix_of(first), depth));
  set_entries(second, settle(loose, prefix_of(second), depth));
  if (depth == depth_) deepest_ += 2;
  drop_segment(entry);
}

// After an erase left a segment nearly empty: joins it with its sister, or makes it smaller.
void DictTable::shrink(size_t index) {
  const Entry entry = entry_at(index);
  if (merge(index)) return;
  if (buckets_of(entry) > buckets_for(segment_of(entry)->count)) rebuild(index);
}

bool DictTable::merge(size_t index) {
  const Entry entry = entry_at(index);
  const unsigned depth = depth_of(entry);
  if (depth == 0) return false;
  const size_t first = first_index(index, entry);
  const size_t span = size_t{1} << (depth_ - depth);
  const size_t sister_first = first ^ span;
  const Entry sister = entry_at(sister_first);
  if (depth_of(sister) != depth) return false;
  if (segment_of(entry)->count + segment_of(sister)->count > kMergeLimit) return false;
  announce_change(*epoch_, segment_of(entry)->header, this);
  announce_change(*epoch_, segment_of(sister)->header, this);
  Loose loose;
  collect(segment_of(entry), loose);
  collect(segment_of(sister), loose);
  const size_t lower = first < sister_first ? first : sister_first;
  set_entries(lower, settle(loose, prefix_of(lower), depth - 1));
  drop_segment(entry);
  drop_segment(sister);
  if (depth == depth_) deepest_ -= 2;
  while (deepest_ == 0 && depth_ > 0) halve_directory();
  return true;
}

void DictTable::double_directory() {
  const size_t old_size = directory_size();
  auto* grown = static_cast<Entry*>(std::malloc(old_size * 2 * sizeof(Entry)));
  SLUICE_CHECK(grown != nullptr, "out of memory");
  for (size_t i = 0; i < old_size; ++i) grown[2 * i] = grown[2 * i + 1] = entry_at(i);
  free_directory();
  top_ = reinterpret_cast<uint64_t>(grown);
  bytes_ += old_size * 2 * sizeof(Entry);
  directory_used_ = static_cast<uint32_t>(old_size * 2);
  ++depth_;
  deepest_ = 0;
}

// REQUIRES: no segment is as deep as the directory, so its entries come in equal pairs.
void DictTable::halve_directory() {
  const size_t new_size = directory_size() / 2;
  Entry* const old = directory();
  const auto depth = static_cast<uint8_t>(depth_ - 1);
  deepest_ = 0;
  for (size_t i = 0; i < new_size; ++i) {
    old[i] = old[2 * i];
    if (depth_of(old[i]) == depth) ++deepest_;
  }
  bytes_ -= new_size * 2 * sizeof(Entry);
  directory_used_ = static_cast<uint32_t>(new_size);
  depth_ = depth;
  if (depth == 0) {
    top_ = old[0];
    std::free(old);
    return;
  }
  void* const smaller = std::realloc(old, new_size * sizeof(Entry));
  SLUICE_CHECK(smaller != nullptr, "out of memory");
  top_ = reinterpret_cast<uint64_t>(smaller);
  bytes_ += new_size * sizeof(Entry);
}

void DictTable::free_directory() {
  if (depth_ == 0) return;
  std::free(directory());
  bytes_ -= (size_t{1} << depth_) * sizeof(Entry);
}

void DictTable::release_all() {
  while (directory_size() > 0) drop_last();
}

// Drops the last segment and its directory entries; the directory goes with the first segment.
void DictTable::drop_last() {
  const size_t last = directory_size() - 1;
  const Entry entry = entry_at(last);
  drop_segment(entry);
  directory_used_ = static_cast<uint32_t>(first_index(last, entry));
  if (directory_used_ > 0) return;
  free_directory();
  top_ = 0;
  depth_ = 0;
  deepest_ = 0;
}

size_t DictTable::take_from_last(size_t max, Visit visit, void* visitor) {
  DictSegment* segment = writable(directory_size() - 1);
  size_t taken = 0;
  for (unsigned b = 0; b < segment->buckets && taken < max; ++b) {
    DictBucket& bucket = segment->begin()[b];
    for (unsigned s = 0; s < DictBucket::kSlots && taken < max; ++s) {
      if (bucket.fingerprints[s] == 0) continue;
      visit(visitor, bucket.slots[s]);
      bucket.fingerprints[s] = 0;
      ++taken;
    }
  }
  segment->count = static_cast<uint16_t>(segment->count - taken);
  size_ -= taken;
  while (directory_size() > 0 && segment_of(entry_at(directory_size() - 1))->count == 0) drop_last();
  return taken;
}

uint64_t DictTable::random_item(base::Random& random) const {
  SLUICE_CHECK(size_ > 0, "an empty dict has no random entry");
  for (;;) {
    const size_t index = random.below(directory_size());
    const Entry entry = entry_at(index);
    // A shallow segment owns several directory entries: only the first counts, so that segments are equally
    // likely.
    if (first_index(index, entry) != index) continue;
    const unsigned buckets = depth_ == 0 ? buckets_of(entry) : kMaxBuckets;
    const auto place = static_cast<unsigned>(random.below(slots_of(buckets)));
    const unsigned at = place / DictBucket::kSlots;
    const unsigned slot = place % DictBucket::kSlots;
    if (at >= buckets_of(entry)) continue;
    const DictBucket& bucket = segment_of(entry)->begin()[at];
    if (bucket.fingerprints[slot] != 0) return bucket.slots[slot];
  }
}

DictTable::Step DictTable::segment_from(uint64_t position) const {
  if (directory_size() == 0) return {};
  const size_t index = index_of(position << (64 - kPositionBits));
  const Entry entry = entry_at(index);
  const uint64_t start = prefix_of(first_index(index, entry)) >> (64 - kPositionBits);
  const uint64_t next = start + (uint64_t{1} << (kPositionBits - depth_of(entry)));
  return {&segment_of(entry)->header, next == uint64_t{1} << kPositionBits ? 0 : next};
}

uint64_t DictTable::visit_home(uint64_t position, Visit visit, void* visitor) const {
  const size_t index = index_of(position << (64 - kPositionBits));
  const Entry entry = entry_at(index);
  const unsigned buckets = buckets_of(entry);
  const unsigned depth = depth_of(entry);
  const unsigned home = home_of(entry, position << (64 - kPositionBits));
  // The first place in hash order that is at home in the next bucket, or in the next segment.
  const uint64_t in_segment = ((home + 1) * kBucketSpace + buckets - 1) / buckets;
  const uint64_t start = prefix_of(first_index(index, entry)) >> (64 - kPositionBits);
  const uint64_t end = start + (in_segment << (kPositionBits - 24 - depth));

  unsigned at = home;
  for (unsigned probes = 0; probes < buckets; ++probes) {
    const DictBucket& bucket = segment_of(entry)->begin()[at];
    for (unsigned s = 0; s < DictBucket::kSlots; ++s) {
      if (bucket.fingerprints[s] == 0) continue;
      const uint64_t own = hash_of(bucket.slots[s]) >> (64 - kPositionBits);
      if (own >= position && own < end) visit(visitor, bucket.slots[s]);
    }
    if (bucket.passed == 0) break;
    if (++at == buckets) at = 0;
  }
  return end;
}

}  // namespace sluice::ds
