// LMOVEM and BLMOVEM: several elements from one list to another in one step.
#include <algorithm>
#include <span>
#include <utility>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/list_block.h"

namespace sluice::commands {

namespace {

// COUNT or EXACTLY, a number and an order: all three, or none.
void read_block(exec::Args& args, BlockMove& asked) {
  if (!args.ok() || !args.more()) return;
  if (args.accept("EXACTLY")) {
    asked.exactly = true;
  } else if (!args.accept("COUNT")) {
    args.syntax_error();
  }
  if (args.left() != 2) args.syntax_error();
  if (!args.ok()) return;
  const auto count = base::parse_int64(args.next());
  if (!count || *count <= 0) args.latch(errors::kCountMustBePositive);
  asked.count = static_cast<uint64_t>(count.value_or(1));
  if (args.accept("BULK")) {
    asked.bulk = true;
  } else if (!args.accept("OBO")) {
    args.syntax_error();
  }
}

BlockMove read_move(exec::Args& args) {
  BlockMove asked;
  asked.move.source = args.key();
  asked.move.destination = args.key();
  asked.move.from = read_end(args);
  asked.move.to = read_end(args);
  return asked;
}

// As they stand in the destination now.
void reply_block(Call& call, Block taken, const BlockMove& asked) {
  Block block = as_pushed(std::move(taken), asked);
  if (asked.move.to == End::kFront) std::reverse(block.begin(), block.end());
  call.reply.array(block.size());
  for (const Bytes& element : block) call.reply.bulk(element);
}

Outcome cmd_lmovem(Call& call) {
  BlockMove asked = read_move(call.args);
  read_block(call.args, asked);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto taken = move_block(call, asked);
  if (!taken) return call.fail(taken.error());
  if (taken->empty()) {
    call.reply.null_array();
  } else {
    reply_block(call, std::move(*taken), asked);
  }
  return Outcome::kDone;
}

Outcome cmd_blmovem(Call& call) {
  BlockMove asked = read_move(call.args);
  const int64_t timeout_ms = call.args.timeout_ms();
  read_block(call.args, asked);
  if (!call.args.ok()) return call.fail(call.args.error());
  auto taken = move_block(call, asked);
  if (!taken) return call.fail(taken.error());
  if (taken->empty()) {
    Park park;
    park.keys = {asked.move.source};
    park.deadline_ms = exec::deadline_in(call, timeout_ms);
    return call.block_on(park);
  }
  reply_block(call, std::move(*taken), asked);
  return Outcome::kDone;
}

constexpr KeySpecs kFromAndTo =
    two_keys(key_range(1, 0, 1, kKeyRw | kKeyAccess | kKeyDelete), key_range(2, 0, 1, kKeyRw | kKeyInsert));

constexpr CommandSpec kRows[] = {
    {"blmovem", cmd_blmovem, at_least(6), kFromAndTo, kWrite | kDenyOom | kBlocking | kUsesReserve,
     Group::kList, "8.10.0",
     "Moves several elements from one list to another, waiting until there are enough.",
     "source destination wherefrom<LEFT|RIGHT> whereto<LEFT|RIGHT> timeout [selector<COUNT|EXACTLY> count "
     "ordering<OBO|BULK>]"},
    {"lmovem", cmd_lmovem, at_least(5), kFromAndTo, kWrite | kDenyOom | kUsesReserve, Group::kList, "8.10.0",
     "Moves several elements from one list to another.",
     "source destination wherefrom<LEFT|RIGHT> whereto<LEFT|RIGHT> [selector<COUNT|EXACTLY> count "
     "ordering<OBO|BULK>]"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> list_move_commands() {
  return kRows;
}

}  // namespace sluice::commands
