#include "aof/reading.h"

#include <algorithm>
#include <array>

namespace sluice::aof {

namespace {

// The smallest piece that a disk writes or loses as one.
constexpr uint64_t kSector = 512;

}  // namespace

void Reading::drop_applied() {
  const size_t gone = apply;
  buffer.erase(0, gone);
  buffer_at += gone;
  // A batch that has begun is never applied in part; a tail that is handed over piece by piece needs no
  // start.
  batch -= std::min(batch, gone);
  for (size_t* position : {&apply, &ready, &whole, &scan, &wanted}) *position -= gone;
}

bool Reading::lost_page(size_t from) const {
  constexpr std::array<char, kSector> kBlank{};
  const ByteView bytes = ByteView(buffer).substr(from, scan - from);
  const uint64_t first = (kSector - file_offset(from) % kSector) % kSector;
  for (uint64_t at = first; at + kSector <= bytes.size(); at += kSector) {
    if (bytes.substr(at, kSector) == ByteView(kBlank.data(), kSector)) return true;
  }
  return false;
}

}  // namespace sluice::aof
