// CommandSpec: one row per command or subcommand: everything the server knows of a command besides its code.
// Rows are constexpr and live at the end of the family file whose functions they name (src/commands); the
// fields are what Redis's COMMAND and COMMAND DOCS publish, so that clients routing or hinting by them see no
// difference. A row knows no server part: it is data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "acl/category.h"

namespace sluice::exec {

class Call;
struct Services;

// What a handler tells the executor. kFailed: an error was replied. kBlocked: nothing was replied and the
// client waits (Call::block_on). kSuspended: a script yielded; its unit stays open until it is resumed.
enum class Outcome : uint8_t { kDone, kFailed, kBlocked, kSuspended };

using Handler = Outcome (*)(Call&);

// The command flags of Redis 7 (https://redis.io/docs/latest/commands/command/), same meaning, same names.
enum CommandFlag : uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoscript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,
  kStale = 1u << 8,
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,
  kNoMandatoryKeys = 1u << 15,
  kMovableKeys = 1u << 16,
  kAllowBusy = 1u << 17,
  kNoMulti = 1u << 18,
  kNoAsyncLoading = 1u << 19,
  // Not published: what the gates need to know of a command without naming it.
  kProtected = 1u << 20,       // refused unless enable-debug-command allows it
  kNotQueued = 1u << 21,       // runs at once inside MULTI
  kRunsQueue = 1u << 22,       // counts as everything that is queued (EXEC)
  kWhenSubscribed = 1u << 23,  // allowed to a RESP2 client that has subscriptions
  kMayReplicate = 1u << 14,    // may change or announce something: waits while writes are paused
  kEndsMulti = 1u << 25,       // not refused inside MULTI when memory is full
  kDiskProbe = 1u << 24,       // refused like a write while the disk fails (PING: monitoring must notice)
  kUsesReserve = 1u << 29,     // with kDenyOom: moves or retries a job, for which maxmemory-reserve is kept
  kKeepsCaching = 1u << 30,    // CLIENT: what CLIENT CACHING said is not spent on it
  // Which words name channels, for users that may not use all of them.
  kChannelFirst = 1u << 26,     // the one behind the command
  kChannelsAll = 1u << 27,      // all behind the command
  kChannelPatterns = 1u << 28,  // all of them, and they are patterns
};

// A row states only those categories that do not follow from its flags and group: categories_of().
using enum acl::Category;
using acl::kCategoryNames;
inline constexpr uint32_t kCatNotOfGroup = 1u << 31;  // the group's own does not apply (SORT, WAIT)

// The documentation group of COMMAND DOCS and of HELP.
enum class Group : uint8_t {
  kGeneric,
  kString,
  kList,
  kSet,
  kSortedSet,
  kHash,
  kPubsub,
  kTransactions,
  kConnection,
  kServer,
  kScripting,
  kStream,
  kBitmap,
};
std::string_view group_name(Group group);

// How a command uses the keys that a spec finds; the words of COMMAND INFO's key specifications.
enum KeyFlag : uint16_t {
  kKeyRo = 1u << 0,
  kKeyRw = 1u << 1,
  kKeyOw = 1u << 2,
  kKeyRm = 1u << 3,
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariableFlags = 1u << 10,
  kKeyTemplate = 1u << 11,  // each % in it stands for the name of one of the other keys (keys.h). Not shown
};

// Where keys stand among the arguments (https://redis.io/docs/latest/develop/reference/key-specs/).
struct KeySpec {
  enum class Begin : uint8_t { kNone, kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeynum, kUnknown };
  Begin begin = Begin::kNone;
  Find find = Find::kRange;
  int8_t index = 0;               // kIndex: argument position of the first candidate
  std::string_view keyword = {};  // kKeyword: the word, searched from start_from (negative: from the end)
  int8_t start_from = 0;
  int8_t last = 0;          // kRange: relative to the first; negative: from the end of the arguments
  int8_t step = 1;          // kRange and kKeynum
  int8_t limit = 0;         // kRange with last < 0: 2 means only the first half of what remains holds keys
  int8_t keynum_index = 0;  // kKeynum: where the count stands, relative to begin
  int8_t first_key = 1;     // kKeynum: where keys start, relative to begin
  uint16_t flags = 0;
  std::string_view notes = {};
};

// One key among the arguments of a request, and how it is used.
struct KeyArgument {
  size_t index;  // in the words, the command's name being 0
  uint16_t flags;
};

// Finds what the specs of a command cannot say (kKeyVariableFlags, kUnknown, kKeyIncomplete): all keys of a
// request, appended to `keys`. False: the words do not make sense.
using KeyFinder = bool (*)(std::span<const std::string_view> words, std::vector<KeyArgument>& keys);

// Whether a word is a secret, to be shown as "(redacted)" by MONITOR and SLOWLOG.
using SecretTest = bool (*)(std::span<const std::string_view> words, size_t index);

// What a request does, where its words say more than the row (a script declares it, a pop has a target): the
// row's flags changed accordingly.
using FlagsOf = uint32_t (*)(Services& services, std::span<const std::string_view> words, uint32_t flags);

inline constexpr size_t kMaxKeySpecs = 3;
using KeySpecs = std::array<KeySpec, kMaxKeySpecs>;

constexpr KeySpec key_range(int8_t first, int8_t last, int8_t step, uint16_t flags,
                            std::string_view notes = {}) {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kIndex;
  spec.index = first;
  spec.last = last;
  spec.step = step;
  spec.flags = flags;
  spec.notes = notes;
  return spec;
}
constexpr KeySpec keynum_spec(int8_t position, uint16_t flags, std::string_view notes = {}) {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kIndex;
  spec.find = KeySpec::Find::kKeynum;
  spec.index = position;
  spec.flags = flags;
  spec.notes = notes;
  return spec;
}
// Keys that only the command itself can name (SORT ... STORE): clients must ask COMMAND GETKEYS.
constexpr KeySpec unknown_spec(uint16_t flags, std::string_view notes) {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kUnknown;
  spec.find = KeySpec::Find::kUnknown;
  spec.flags = flags;
  spec.notes = notes;
  return spec;
}

constexpr KeySpecs no_keys() {
  return {};
}
// One key at `position`.
constexpr KeySpecs one_key(int8_t position, uint16_t flags, std::string_view notes = {}) {
  return {key_range(position, 0, 1, flags, notes)};
}
// Keys from `first` to the end (last = -1) or to `-last - 1` arguments before it, every `step`.
constexpr KeySpecs keys_from(int8_t first, int8_t last, int8_t step, uint16_t flags) {
  return {key_range(first, last, step, flags)};
}
// A key count at `position`, the keys behind it.
constexpr KeySpecs numkeys_at(int8_t position, uint16_t flags, std::string_view notes = {}) {
  return {keynum_spec(position, flags, notes)};
}
constexpr KeySpecs two_keys(const KeySpec& first, const KeySpec& second) {
  return {first, second};
}
// "STREAMS key [key ...] id [id ...]": the first half of what follows the word.
constexpr KeySpecs stream_keys(int8_t start_from, uint16_t flags) {
  KeySpec spec;
  spec.begin = KeySpec::Begin::kKeyword;
  spec.keyword = "STREAMS";
  spec.start_from = start_from;
  spec.last = -1;
  spec.limit = 2;
  spec.flags = flags;
  return {spec};
}

constexpr int exactly(int words) {
  return words;
}  // the command's own name counts
constexpr int at_least(int words) {
  return -words;
}

struct CommandSpec {
  std::string_view name;      // lower case; a subcommand's own word, without its container
  Handler handler = nullptr;  // null only for a pure container
  int arity = 0;
  KeySpecs keys{};
  uint32_t flags = 0;
  Group group = Group::kGeneric;
  std::string_view since;
  std::string_view summary;
  // The arguments as a grammar line, from which COMMAND DOCS builds its tree: words in capitals are tokens,
  // [] optional, <a|b> choice, "..." repetition: "key value [NX|XX] [GET] [EX seconds|PX milliseconds]".
  std::string_view syntax = {};
  uint32_t categories = 0;     // beyond those that follow from group and flags
  std::string_view tips = {};  // space-separated
  std::span<const CommandSpec> subcommands = {};
  KeyFinder key_finder = nullptr;
  SecretTest is_secret = nullptr;
  FlagsOf flags_of = nullptr;

  [[nodiscard]] constexpr bool arity_ok(size_t words) const {
    return arity >= 0 ? words == static_cast<size_t>(arity) : words >= static_cast<size_t>(-arity);
  }
};

// Every category bit of a row, those that follow from its flags and group included.
uint32_t categories_of(const CommandSpec& spec);

// The words of a request with its secrets replaced.
std::vector<std::string_view> redacted(const CommandSpec& spec, std::span<const std::string_view> words);

// What can be wrong with a row is found when it compiles: use as `static_assert(rows_are_sound(kRows))`.
constexpr bool row_is_sound(const CommandSpec& row) {
  if (row.name.empty() || row.arity == 0 || row.summary.empty() || row.since.empty()) return false;
#ifndef SLUICE_SANITIZED  // to GCC's sanitizer the address of another file's function is no constant
  if (row.handler == nullptr && row.subcommands.empty()) return false;
#endif
  if ((row.flags & kWrite) != 0 && (row.flags & kReadonly) != 0) return false;
  for (const char c : row.name) {
    if (c >= 'A' && c <= 'Z') return false;
  }
  for (const KeySpec& key : row.keys) {
    // A key position that a command of fixed length does not have.
    if (key.begin == KeySpec::Begin::kIndex && row.arity > 0 && key.index >= row.arity) return false;
    if (key.begin != KeySpec::Begin::kNone && key.flags == 0) return false;
  }
  return true;
}
template <size_t N>
constexpr bool rows_are_sound(const CommandSpec (&rows)[N]) {
  for (const CommandSpec& row : rows) {
    if (!row_is_sound(row)) return false;
  }
  return true;
}

}  // namespace sluice::exec
