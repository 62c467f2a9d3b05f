// The lines with which our increments say what Redis's format cannot: all begin with '#', so that
// redis-server and redis-check-aof skip them. Knows bytes only; files, batches in memory and watermarks are
// others' work.
//
//   #SLUICE-INCR:1:<seed>:<start>:<synced>:<db>:<hash>   first line of each increment of ours, followed by a
//                                                        SELECT record for <db> that belongs to no batch
//   *3\r\n$5\r\nLPUSH ...                                records, in RESP
//   #SLUICE:<base64>                                     an effect no Redis command can express, inside its
//                                                        unit: resp/extension.h
//   #XXH3:<hash>:<length>:<journal offset>:<synced>      ends one batch
//
// Journal offsets count the bytes of batches, from 0 at the birth of the log and on over restarts; the lines
// that begin and end things are not counted. Hashes are keyed with the increment's random seed: a value that
// a client made up to look like an annotation, or one left on disk by an older file, does not verify.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sluice::aof {

using base::Bytes;
using base::ByteView;

// Redis reads lines into 1,024 bytes; we stay well below. Line ends included.
inline constexpr size_t kMaxLine = 900;
// Room for any header: the line and its SELECT record.
inline constexpr size_t kMaxHeader = 256;

struct Annotation {
  uint64_t hash = 0;
  uint64_t length = 0;  // bytes of the batch, this line not counted
  uint64_t offset = 0;  // journal offset behind the batch
  uint64_t synced = 0;  // journal offset known to be on disk when the line was written

  [[nodiscard]] uint64_t start() const { return offset - length; }
};

// What an annotation over `batch` must carry as its hash: it covers the batch and the three numbers.
[[nodiscard]] uint64_t annotation_hash(const Annotation& numbers, ByteView batch, uint64_t seed);
// Puts the line, "\r\n" included, behind `out`; fills in the hash.
void append_annotation(Bytes& out, Annotation numbers, ByteView batch, uint64_t seed);
// `line` comes without its line end. Only the one spelling that append_annotation writes is accepted; offset
// is at least length, and synced at most offset - length. The hash is not checked here.
[[nodiscard]] std::optional<Annotation> parse_annotation(ByteView line);
[[nodiscard]] bool looks_like_annotation(ByteView line);

struct Header {
  uint64_t seed = 0;    // keys the hashes of this increment
  uint64_t start = 0;   // journal offset at which its first batch begins
  uint64_t synced = 0;  // journal offset known to be on disk when the increment was opened
  uint32_t db = 0;      // selected when its first batch begins
};

void append_header(Bytes& out, const Header& header);

enum class HeaderState {
  kEmpty,    // a file without a byte
  kOurs,     // `header` and `size` are set
  kForeign,  // begins as Redis begins a file
  kTorn,     // the beginning of a header, and the file ends there
  kBroken    // anything else
};

struct HeaderCheck {
  HeaderState state = HeaderState::kEmpty;
  Header header;
  size_t size = 0;  // of the line and the SELECT record
};

// `head` is the first kMaxHeader bytes of a file, or all of it if it is shorter.
[[nodiscard]] HeaderCheck check_header(ByteView head);

}  // namespace sluice::aof
