#include "aof/filler.h"

#include <algorithm>
#include <array>

#include "aof/file_io.h"
#include "base/check.h"

namespace sluice::aof {

namespace {

constexpr size_t kPiece = size_t{16} * 1024;
constexpr ByteView kLine = "#\n";

constexpr std::array<char, kPiece> make_piece() {
  std::array<char, kPiece> piece{};
  for (size_t i = 0; i < piece.size(); ++i) piece[i] = kLine[i % kFillerLine];
  return piece;
}

constexpr std::array<char, kPiece> kFiller = make_piece();

}  // namespace

void end_evenly(Bytes& bytes, uint64_t at) {
  if ((at + bytes.size()) % kFillerLine != 0) bytes.erase(bytes.size() - 2, 1);
}

base::IoResult<void> write_filler(base::File& file, uint64_t at, uint64_t size) {
  SLUICE_CHECK(at % kFillerLine == 0, "a line of it would begin with its end");
  for (const uint64_t end = at + size; at < end;) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(end - at, kPiece));
    if (auto written = write_at(file, ByteView(kFiller.data(), part), at); !written) return written;
    at += part;
  }
  return {};
}

base::IoResult<uint64_t> filler_begin(base::File& file, uint64_t size) {
  uint64_t begin = size;
  for (uint64_t end = size; end > 0;) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(end, kPiece));
    auto bytes = read_exactly(file, end - part, part);
    if (!bytes) return bytes.error();
    size_t left = part;
    while (left > 0 && (*bytes)[left - 1] == kLine[(end - part + left - 1) % kFillerLine]) --left;
    begin = end - part + left;
    if (left > 0) break;
    end -= part;
  }
  // The end of a line before it, at an odd offset, looks like the end of a line of it.
  return std::min(begin + begin % kFillerLine, size);
}

bool is_filler(ByteView bytes, uint64_t at) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != kLine[(at + i) % kFillerLine]) return false;
  }
  return true;
}

}  // namespace sluice::aof
