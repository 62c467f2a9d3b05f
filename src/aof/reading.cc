#include "aof/reading.h"

#include <algorithm>
#include <array>

#include "aof/filler.h"

namespace sluice::aof {

namespace {

// The smallest piece that a disk writes or loses as one.
constexpr uint64_t kSector = 512;

// redis-server that goes on in a file names the database first, with the time before if it is told to.
bool begins_appended(ByteView bytes) {
  return bytes.starts_with("*2\r\n$6\r\nSELECT\r\n") || bytes.starts_with("#TS:");
}

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

size_t Reading::behind_filler(size_t from) const {
  while (from + kFillerLine <= scan &&
         is_filler(ByteView(buffer).substr(from, kFillerLine), file_offset(from))) {
    from += kFillerLine;
  }
  return from;
}

bool Reading::lost_page(size_t from) const {
  constexpr std::array<char, kSector> kBlank{};
  const size_t unit = behind_filler(from);
  const ByteView bytes = ByteView(buffer).substr(unit, scan - unit);
  if (unit > from && !begins_appended(bytes)) return true;
  from = unit;
  const uint64_t first = (kSector - file_offset(from) % kSector) % kSector;
  for (uint64_t at = first; at + kSector <= bytes.size(); at += kSector) {
    const ByteView sector = bytes.substr(at, kSector);
    if (sector == ByteView(kBlank.data(), kSector) || is_filler(sector, file_offset(from) + at)) return true;
  }
  return false;
}

}  // namespace sluice::aof
