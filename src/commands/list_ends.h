// What list commands and their blocking forms share: taking elements from an end, moving one between lists,
// and the arguments of both. A step that finds no element says so and has done nothing: the caller answers a
// null, or waits.
#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"
#include "commands/family.h"
#include "resp/reply.h"
#include "types/list.h"

namespace sluice::commands {

using End = types::List::End;

// LEFT or RIGHT, in any case; latches a syntax error.
End read_end(exec::Args& args);
[[nodiscard]] const keyspace::Event& push_event(End end);
[[nodiscard]] const keyspace::Event& pop_event(End end);

void reply_element(resp::Reply& reply, const ds::Element& element);

// Takes the element at `end` and replies it. REQUIRES: the list is not empty.
void pop_one(Call& call, Edit<types::List>& list, End end);
// Takes up to `count` and replies them as an array. Returns how many. REQUIRES: count > 0.
uint64_t pop_many(Call& call, Edit<types::List>& list, End end, uint64_t count);
// Drops `count` elements of an end in one cut; committing is the caller's. REQUIRES: there are as many.
void drop_from_end(Call& call, Edit<types::List>& list, End end, uint64_t count);
// What left a list: freed now if it is little, in slices if it is much.
void bury(Call& call, types::List::Trimmed dropped);

// LMOVE and its kin. Nothing when `source` is absent.
struct Move {
  ByteView source;
  ByteView destination;
  End from;
  End to;
};
std::optional<Outcome> try_move(Call& call, const Move& move);

// LMPOP and BLMPOP: `numkeys key [key ...] <LEFT|RIGHT> [COUNT count] [TO destination <LEFT|RIGHT>]`.
struct MultiPop {
  // Where what is popped goes, one by one. Each % of its name stands for the name of the list it came from.
  struct Target {
    ByteView name;
    End end;
  };
  std::span<const ByteView> keys;
  End end = End::kFront;
  uint64_t count = 1;
  std::optional<Target> target;
};
// Latches what is wrong with them.
MultiPop read_multi_pop(exec::Args& args);
// The target among the words, which only keys_of_lmpop() and keys_of_blmpop() find: TO may also name a list.
constexpr exec::KeySpec target_spec() {
  return exec::unknown_spec(exec::kKeyRw | exec::kKeyInsert | exec::kKeyTemplate,
                            "Of TO; each % in it stands for the name of the list that is popped from");
}
bool keys_of_lmpop(std::span<const ByteView> words, std::vector<exec::KeyArgument>& keys);
bool keys_of_blmpop(std::span<const ByteView> words, std::vector<exec::KeyArgument>& keys);
// With a target it is a move: it may grow, and may take from the reserve.
uint32_t flags_of_lmpop(exec::Services&, std::span<const ByteView> words, uint32_t row_flags);
uint32_t flags_of_blmpop(exec::Services&, std::span<const ByteView> words, uint32_t row_flags);
// From the first of the keys that holds a list. Nothing when none does.
std::optional<Outcome> try_multi_pop(Call& call, const MultiPop& pop);

}  // namespace sluice::commands
