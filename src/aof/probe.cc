#include "aof/probe.h"

#include <algorithm>

#include "aof/file_io.h"
#include "aof/frame.h"

namespace sluice::aof {

namespace {

using base::IoResult;

constexpr ByteView kMark = "#XXH3:";
// The longest annotation: prefix, hash, three numbers of 20 digits, colons, line end.
constexpr size_t kMaxAnnotationLine = 96;
constexpr size_t kMaxChunk = size_t{1} * 1024 * 1024;
// Honest batches do not overlap, so hashing them all reads the rest of the file once.
constexpr uint64_t kWorkFactor = 4;
constexpr uint64_t kWorkFloor = uint64_t{64} * 1024 * 1024;

}  // namespace

AnnotationProbe::AnnotationProbe(base::File& file, uint64_t file_size, BreakPoint broken)
    : file_(file),
      file_size_(file_size),
      broken_(broken),
      chunk_at_(broken.file_at),
      work_left_((file_size - broken.file_at) * kWorkFactor + kWorkFloor) {}

IoResult<bool> AnnotationProbe::step(size_t budget_bytes) {
  auto more = read_chunk(std::clamp(budget_bytes, kMaxAnnotationLine, kMaxChunk));
  if (!more) return more.error();
  if (auto looked = look_at_chunk(); !looked) return looked.error();
  if (gave_up_) return true;
  return chunk_at_ + chunk_.size() == file_size_;
}

IoResult<bool> AnnotationProbe::read_chunk(size_t budget_bytes) {
  // What may be the beginning of a line is carried over; look_at_chunk() has dropped the rest.
  const uint64_t next = chunk_at_ + chunk_.size();
  const size_t size = static_cast<size_t>(std::min<uint64_t>(budget_bytes, file_size_ - next));
  auto bytes = read_exactly(file_, next, size);
  if (!bytes) return bytes.error();
  chunk_.append(*bytes);
  return size > 0;
}

IoResult<void> AnnotationProbe::look_at_chunk() {
  const bool at_end = chunk_at_ + chunk_.size() == file_size_;
  size_t from = 0;
  while (true) {
    const size_t mark = ByteView(chunk_).find(kMark, from);
    if (mark == ByteView::npos) break;
    const size_t end = ByteView(chunk_).substr(mark, kMaxAnnotationLine).find('\n');
    if (end == ByteView::npos && chunk_.size() - mark < kMaxAnnotationLine && !at_end) {
      chunk_.erase(0, mark);
      chunk_at_ += mark;
      return {};
    }
    if (end != ByteView::npos) {
      ByteView line = ByteView(chunk_).substr(mark, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      auto checked = check_line(line, chunk_at_ + mark);
      if (!checked || gave_up_) return checked;
    }
    from = mark + 1;
  }
  const size_t keep = at_end ? 0 : std::min(chunk_.size(), kMark.size() - 1);
  chunk_at_ += chunk_.size() - keep;
  chunk_.erase(0, chunk_.size() - keep);
  return {};
}

IoResult<void> AnnotationProbe::check_line(ByteView line, uint64_t line_at) {
  const auto annotation = parse_annotation(line);
  if (!annotation || annotation->start() < broken_.offset) return {};
  if (annotation->length > line_at - broken_.file_at) return {};
  // Between the break and its batch lie no more journal bytes than there are bytes.
  const uint64_t batch_at = line_at - annotation->length;
  if (annotation->start() - broken_.offset > batch_at - broken_.file_at) return {};
  if (batch_at == broken_.file_at && annotation->start() == broken_.offset) own_annotation_ = true;
  if (annotation->length > work_left_) {
    gave_up_ = true;
    return {};
  }
  work_left_ -= annotation->length;
  auto batch = read_exactly(file_, batch_at, static_cast<size_t>(annotation->length));
  if (!batch) return batch.error();
  if (annotation_hash(*annotation, *batch, broken_.seed) != annotation->hash) return {};
  synced_ = std::max(synced_.value_or(0), annotation->synced);
  return {};
}

}  // namespace sluice::aof
