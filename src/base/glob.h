// Glob patterns as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET take them: * ? [abc] [^a] [a-z] and \ before
// any of them. Bytes, not characters; matching never allocates and its work is bounded whatever the pattern.
// Pure functions over borrowed bytes; what a match is for, the callers know.
#pragma once

#include <cstddef>

#include "base/bytes.h"

namespace sluice::base {

enum class GlobCase { kExact, kIgnore };  // kIgnore: ASCII letters alike, except after \ inside brackets

// Steps over a pattern with many stars grow as the product of both lengths. Past this many, and 16 for each
// byte of both, a match is given up and counts as none.
inline constexpr size_t kGlobSteps = 1'000'000;

// An empty text is matched by an empty pattern only, not even by "*": that is Redis's answer, too.
[[nodiscard]] bool glob_match(ByteView pattern, ByteView text, GlobCase letters = GlobCase::kExact);

}  // namespace sluice::base
