// The whole keyspace as one RDB file in memory, at once: for DEBUG RELOAD and tests. What is written while
// clients go on is the walker's. The caller owns the bytes and the keyspace; neither files nor clients are
// known here.
#pragma once

#include "base/bytes.h"
#include "keyspace/keyspace.h"
#include "snapshot/writer.h"

namespace sluice::snapshot {

[[nodiscard]] base::Bytes encode_keyspace(keyspace::Keyspace& keyspace, const FileFacts& facts,
                                          bool compress);

}  // namespace sluice::snapshot
