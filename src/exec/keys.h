// Which arguments of a command are keys: its key specs evaluated against the words of a request, as COMMAND
// GETKEYS and whoever checks access by key need it. Looks at words only: no keyspace, no client. Answers
// positions and owns nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "exec/spec.h"

namespace sluice::exec {

enum class KeySearch : uint8_t {
  kFound,    // `keys` holds them, in the order of the specs; may be none where keys are optional
  kNoKeys,   // the command takes no keys at all
  kInvalid,  // the words do not say (a count too large, a keyword missing)
};

// `words` begins with the command's name. REQUIRES: arity was checked. `keys` is replaced.
KeySearch find_keys(const CommandSpec& spec, std::span<const base::ByteView> words,
                    std::vector<KeyArgument>& keys);

// What one spec finds, appended to `keys`: for commands that find others by themselves. False: the words do
// not say.
bool find_keys_of(const KeySpec& spec, std::span<const base::ByteView> words, std::vector<KeyArgument>& keys);

// What one request may make of a template (kKeyTemplate) and its other keys, all names together: a few short
// words could name more than fits into memory.
inline constexpr size_t kMadeKeyBytes = size_t{1} << 20;

// Whether the names stay below that. Without a % there is one name, which is there already.
bool may_make_keys(base::ByteView key_template, std::span<const base::ByteView> keys);
// The name with `key` for each %.
base::Bytes make_key(base::ByteView key_template, base::ByteView key);

// The one range that COMMAND shows for clients that know nothing of key specs: positions of the first and the
// last key (negative: from the end) and the step between; all 0 when no range says it.
struct KeyRange {
  int first = 0;
  int last = 0;
  int step = 0;
};
KeyRange legacy_range(const CommandSpec& spec);

}  // namespace sluice::exec
