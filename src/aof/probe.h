// Answers one question about an increment of ours that is broken at some place: what do the valid annotations
// behind that place say was synced? Looks at every line behind it that may be an annotation, and believes
// those whose hash holds, so that neither garbage nor a value made up by a client counts. Reads in slices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/fs.h"

namespace sluice::aof {

using base::Bytes;
using base::ByteView;

// Where the readable part of an increment ends.
struct BreakPoint {
  uint64_t file_at = 0;  // in the file: behind the last good annotation
  uint64_t offset = 0;   // in the journal
  uint64_t seed = 0;     // of the increment
};

class AnnotationProbe {
 public:
  AnnotationProbe(base::File& file, uint64_t file_size, BreakPoint broken);

  // Goes on over about `budget_bytes`; true when the end was reached.
  base::IoResult<bool> step(size_t budget_bytes);

  // The highest synced offset that a valid annotation states; nothing without a valid one.
  [[nodiscard]] std::optional<uint64_t> synced() const { return synced_; }
  // The broken batch's own annotation is there, though its hash does not hold: the batch was ours, not
  // records that another server appended.
  [[nodiscard]] bool own_annotation() const { return own_annotation_; }
  // So many lines pretended to end long batches that reading them all was given up.
  [[nodiscard]] bool gave_up() const { return gave_up_; }

 private:
  base::IoResult<bool> read_chunk(size_t budget_bytes);
  base::IoResult<void> look_at_chunk();
  base::IoResult<void> check_line(ByteView line, uint64_t line_at);

  base::File& file_;
  uint64_t file_size_;
  BreakPoint broken_;
  Bytes chunk_;
  uint64_t chunk_at_;  // file offset of its first byte
  uint64_t work_left_;
  std::optional<uint64_t> synced_;
  bool own_annotation_ = false;
  bool gave_up_ = false;
};

}  // namespace sluice::aof
