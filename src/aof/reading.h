// Reading: how far the loader has come in the part of the log that it reads: one buffer, and the positions in
// it of what was scanned, what is whole, what may be handed over and what was. Owned by the loader, which
// moves the positions; this knows neither files nor what a record means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sluice::aof {

using base::Bytes;
using base::ByteView;

// The part being read. Positions are indexes into `buffer`: apply <= ready <= whole <= scan.
struct Reading {
  Bytes buffer;
  uint64_t buffer_at = 0;       // file offset of buffer[0]
  size_t apply = 0;             // next to be handed over
  size_t ready = 0;             // up to here it may be
  size_t whole = 0;             // up to here there are whole units
  size_t scan = 0;              // up to here the structure is known
  size_t wanted = 0;            // bytes the buffer must have before scanning makes sense
  size_t batch = 0;             // where the batch, or the tail, begins
  uint64_t tail_at = 0;         // file offset where the tail begins
  bool in_group = false;        // behind MULTI
  bool continued = false;       // behind an extension line that goes on
  bool tail = false;            // no annotation is to come
  bool tail_granted = false;    // some of the tail may already have been handed over
  bool ended = false;           // nothing further is to be scanned
  std::optional<uint64_t> cut;  // file offset to cut at, once all that is ready has been applied
  std::string why;              // it is to be cut, or is being probed
  bool annotated = false;       // the broken batch has its annotation, which does not hold
  Bytes extension;
  // File offsets: everything before `unsynced_at` was synced, and the next annotation that states a synced
  // offset of at least `checkpoint` moves it to `checkpoint_at`.
  uint64_t unsynced_at = 0;
  uint64_t checkpoint = 0;
  uint64_t checkpoint_at = 0;

  [[nodiscard]] uint64_t file_offset(size_t in_buffer) const { return buffer_at + in_buffer; }
  // Lets go of what was handed over.
  void drop_applied();
  // Whether the bytes from `from` up to `scan` hold what a power cut leaves of a page it lost: a whole sector
  // of zeros, or of the filler that was there before. Records appended by another server do not look like
  // this.
  [[nodiscard]] bool lost_page(size_t from) const;

 private:
  [[nodiscard]] size_t behind_filler(size_t from) const;
};

}  // namespace sluice::aof
