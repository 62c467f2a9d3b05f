// LOLWUT: a picture in letters, and the version, as the command of that name has always given.
#include <algorithm>

#include "commands/all.h"
#include "commands/family.h"
#include "script/redis_api.h"

namespace sluice::commands {

namespace {

constexpr int64_t kColumns = 40;
constexpr int64_t kMostColumns = 160;
constexpr int64_t kRows = 6;
constexpr int64_t kMostRows = 40;

// A channel with a gate: high water on the left of it, low on the right.
base::Bytes picture(int64_t columns, int64_t rows) {
  const int64_t gate = columns / 2;
  base::Bytes text;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t level = column < gate ? rows / 4 : rows - 2;
      const char water = (row + column) % 3 == 0 ? '-' : '~';
      const char free_air = ' ';
      char letter = row >= level ? water : free_air;
      if (column == gate) letter = row + 1 == rows ? '=' : '#';
      text += letter;
    }
    text += '\n';
  }
  return text;
}

// VERSION chose among the pictures of Redis; there is one here, of any size.
Outcome cmd_lolwut(Call& call) {
  if (call.args.accept_with("VERSION")) {
    call.args.integer();
    if (!call.args.ok()) return call.fail(call.args.error());
  }
  int64_t columns = kColumns;
  int64_t rows = kRows;
  if (call.args.more()) columns = call.args.integer();
  if (call.args.more()) rows = call.args.integer();
  if (!call.args.ok()) return call.fail(call.args.error());
  columns = std::clamp<int64_t>(columns, 1, kMostColumns);
  rows = std::clamp<int64_t>(rows, 1, kMostRows);
  call.reply.verbatim("txt", picture(columns, rows) + "\nRedis ver. " + script::kReportedVersion + "\n");
  return Outcome::kDone;
}

constexpr CommandSpec kRowsOfCommands[] = {
    {"lolwut", cmd_lolwut, at_least(1), no_keys(), kReadonly | kFast, Group::kServer, "5.0.0",
     "Draws a picture, and tells the version.", "[VERSION version]"},
};
static_assert(rows_are_sound(kRowsOfCommands));

}  // namespace

std::span<const CommandSpec> lolwut_commands() {
  return kRowsOfCommands;
}

}  // namespace sluice::commands
