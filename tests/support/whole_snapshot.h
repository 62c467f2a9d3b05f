// The whole keyspace as one RDB file in memory, at once, for tests of what reads it: a second way to the
// bytes that the walker writes while clients go on. The caller owns the bytes and the keyspace; no file is
// known here.
#pragma once

#include "base/bytes.h"
#include "keyspace/keyspace.h"
#include "snapshot/writer.h"

namespace sluice::testing {

[[nodiscard]] base::Bytes encode_keyspace(keyspace::Keyspace& keyspace, const snapshot::FileFacts& facts,
                                          bool compress);

}  // namespace sluice::testing
