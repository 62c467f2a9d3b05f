// Walker: the keyspace as it was at one moment, written out as RDB while clients go on changing it. The
// moment is begin(): it starts a new epoch. From then on every entry is *passed* exactly once: when the walk
// comes to it, or just before its first change, whichever is first. A small value is encoded then and there;
// a big one is frozen (snapshot/frozen.h) and written piece by piece. What is passed while a big value is in
// the middle of being written waits aside, since a file holds one entry after another; RDB allows any order
// of keys and databases.
//
// Works in slices between turns, as long as the queue to the worker has room. Owns no thread and no file.
// Everything that clients drop meanwhile and that is still owed is kept here, and freed when it was passed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "keyspace/keyspace.h"
#include "snapshot/chunk_queue.h"
#include "snapshot/frozen.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

// One slice: bytes encoded or handed on, every entry looked at counting as some.
inline constexpr size_t kSliceBytes = size_t{64} << 10;
inline constexpr size_t kEntryCost = 64;
// Encoded bytes are handed on in chunks of about this size.
inline constexpr size_t kChunkBytes = size_t{32} << 10;

class Walker final : public keyspace::WriteHook, public ds::NodeHook {
 public:
  enum class Progress : uint8_t {
    kMore,  // there is more to do at once
    kWait,  // the queue is full
    kDone,  // nothing is left, and clients are no longer listened to
  };

  Walker(keyspace::Keyspace& keyspace, ChunkQueue& queue) : keyspace_(keyspace), queue_(queue) {}
  ~Walker() override;
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;

  // Now is the moment. REQUIRES: !active(), and no unit is half done.
  void begin(const FileFacts& facts);
  // A slice of about so much work.
  Progress step(size_t budget_bytes = kSliceBytes);
  // The file is not wanted any more; step() goes on until kDone, to give back what is held.
  void give_up();
  [[nodiscard]] bool active() const { return active_; }

  // For INFO.
  [[nodiscard]] uint64_t keys_total() const { return keys_total_; }
  [[nodiscard]] uint64_t keys_passed() const { return keys_passed_; }
  // Held beside what the keyspace itself holds: rings, items encoded aside, values that no key holds any
  // more. Nodes that were copied since, and databases that were flushed, are not counted.
  [[nodiscard]] size_t held_bytes() const;

  void before_change(const keyspace::Database& db, keyspace::Entry& entry) override;
  bool keep(keyspace::Value& value) override;
  bool keep(std::unique_ptr<keyspace::Database>& database) override;
  void before_change(ds::NodeHeader& node, const void* container) override;

 private:
  struct Scan {
    const keyspace::Database* db;
    int index;  // at the moment
    DatabaseSizes sizes;
    std::unique_ptr<keyspace::Database> kept;  // FLUSHDB set it aside
  };

  Scan* scan_of(const keyspace::Database& db);
  size_t pass(const Scan& scan, const keyspace::Entry& entry);
  size_t scan_some();
  size_t write_some_of_frozen();
  size_t give_up_some();
  void release_kept_databases();
  void retire_frozen();
  void take_aside();
  void hand_on(const Frozen::Piece& piece);
  void finish();

  keyspace::Keyspace& keyspace_;
  ChunkQueue& queue_;
  bool active_ = false;
  bool given_up_ = false;
  int64_t began_unix_s_ = 0;

  std::vector<Scan> scans_;
  size_t scanning_ = 0;  // which of them
  uint64_t cursor_ = 0;

  std::deque<std::unique_ptr<Frozen>> frozen_;                // the first is being written
  std::unordered_map<const void*, Frozen*> frozen_by_owner_;  // by container() and inner_containers()
  bool in_the_middle_ = false;                                // its head was written

  EntryHeads heads_;
  base::Bytes out_;  // on its way to the queue
  EntryHeads aside_heads_;
  base::Bytes aside_;  // whole entries that must not go into the middle of another

  uint64_t keys_total_ = 0;
  uint64_t keys_passed_ = 0;
};

}  // namespace sluice::snapshot
