// Dead letters: what a group gives up, or nobody read in time, is kept in a stream of its own, with where it
// came from and why behind its own fields. So nothing is lost, whoever looks finds the reason, and XREDRIVE
// can bring it back. The entry itself stays in its stream: others may read it.
//
// Logged as the XADD and the XTRIM it amounts to; what becomes of the entry in its group is the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "commands/family.h"
#include "types/stream.h"

namespace sluice::commands {

enum class DeathReason : uint8_t {
  kMaxDeliver,  // it was delivered as often as its group allows
  kFatal,       // a consumer said that it cannot be done
  kExpired,     // nobody read it in time
};

// What a stream does by itself sends no more letters in one unit once those have so many bytes.
inline constexpr size_t kLetterBytesAtOnce = size_t{256} << 10;

struct DeadLetter {
  ByteView dead_letters;  // the key of their stream
  uint64_t most = 0;      // how many entries that may have; 0: any number
  ByteView key;           // where it came from
  ByteView group;
  uint64_t deliveries = 0;
  DeathReason reason = DeathReason::kMaxDeliver;
};

// The user may write to the stream of dead letters that a policy names, where no word of the command does.
[[nodiscard]] bool may_send_letters(Call& call, ByteView dead_letters);
inline constexpr ByteView kNoKeyPermission = "NOPERM No permissions to access a key";
// Nothing stands in the way of a letter: of those that belong together, all are asked before one is sent.
[[nodiscard]] bool can_take_letter(Call& call, const DeadLetter& letter);
// Appends a copy of the entry, made by the group's policy. False, and nothing happened, when that cannot be:
// the key is of another type, or the stream it came from, or takes no more entries.
bool dead_letter(Call& call, const DeadLetter& letter, const types::StreamEntry& entry);

// The fields of an entry, one text each, as they are appended.
std::vector<Bytes> field_texts(const types::StreamEntry& entry);

// What the last five fields of a dead letter say; nothing when they are not those.
struct Origin {
  size_t own_fields = 0;  // how many texts stand before them: the entry as it was
  ByteView key;
  types::StreamId id;
  ByteView group;
};
std::optional<Origin> origin_of(const std::vector<Bytes>& fields);

}  // namespace sluice::commands
