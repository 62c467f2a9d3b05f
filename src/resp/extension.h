// Extension: what a log says among its RESP records that no command of Redis 7.0 can: a line that begins with
// '#', which redis-server and redis-check-aof skip. It carries any bytes; from this server, one command in
// RESP, to be replayed where it stands. Knows no file and no command, and owns nothing.
//
//   #SLUICE:<base64>\r\n                  or, when it is long, several: all but the last end in '+'
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"

namespace sluice::resp {

// Longest line of one, line end included: redis-server reads lines into 1,024 bytes.
inline constexpr size_t kMaxExtensionLine = 900;

// Puts `payload` behind `out`. REQUIRES of the caller: a unit of more than one record or payload (a leading
// SELECT aside) is wrapped in MULTI and EXEC, or a torn tail could hold half of it.
void append_extension(base::Bytes& out, base::ByteView payload);

struct ExtensionLine {
  base::Bytes bytes;
  bool continues = false;  // the next line carries on
};

[[nodiscard]] bool looks_like_extension(base::ByteView line);
// `line` comes without its line end. Nothing if it is not exactly what append_extension writes.
[[nodiscard]] std::optional<ExtensionLine> parse_extension(base::ByteView line);

}  // namespace sluice::resp
