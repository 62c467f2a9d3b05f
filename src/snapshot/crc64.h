// The checksum of RDB files and DUMP payloads: CRC-64 with the polynomial Redis uses (Jones; reflected, no
// final inversion), with the processor's carry-less multiplication where it has one. crc64(0, "123456789") is
// e9c6d914c4b8d9ca. Pure functions over borrowed bytes; knows no format.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sluice::snapshot {

// The checksum of what came before and `bytes`; 0 before anything.
[[nodiscard]] uint64_t crc64(uint64_t before, base::ByteView bytes);

}  // namespace sluice::snapshot
