// COMMAND: what the server can do, told from the rows themselves.
#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "base/glob.h"
#include "commands/all.h"
#include "commands/command_docs.h"
#include "commands/family.h"
#include "commands/help.h"
#include "exec/keys.h"

namespace sluice::commands {

namespace {

struct FlagName {
  uint32_t flag;
  ByteView name;
};

constexpr std::array kFlagNames = {
    FlagName{kWrite, "write"},
    FlagName{kReadonly, "readonly"},
    FlagName{kDenyOom, "denyoom"},
    FlagName{kAdmin, "admin"},
    FlagName{kPubsub, "pubsub"},
    FlagName{kNoscript, "noscript"},
    FlagName{kBlocking, "blocking"},
    FlagName{kLoading, "loading"},
    FlagName{kStale, "stale"},
    FlagName{kSkipMonitor, "skip_monitor"},
    FlagName{kSkipSlowlog, "skip_slowlog"},
    FlagName{kAsking, "asking"},
    FlagName{kFast, "fast"},
    FlagName{kNoAuth, "no_auth"},
    FlagName{kNoMandatoryKeys, "no_mandatory_keys"},
    FlagName{kMovableKeys, "movablekeys"},
    FlagName{kAllowBusy, "allow_busy"},
    FlagName{kNoMulti, "no_multi"},
    FlagName{kNoAsyncLoading, "no_async_loading"},
};

constexpr std::array kKeyFlagNames = {
    FlagName{kKeyRo, "RO"},
    FlagName{kKeyRw, "RW"},
    FlagName{kKeyOw, "OW"},
    FlagName{kKeyRm, "RM"},
    FlagName{kKeyAccess, "access"},
    FlagName{kKeyUpdate, "update"},
    FlagName{kKeyInsert, "insert"},
    FlagName{kKeyDelete, "delete"},
    FlagName{kKeyNotKey, "not_key"},
    FlagName{kKeyIncomplete, "incomplete"},
    FlagName{kKeyVariableFlags, "variable_flags"},
};

// A set of the names of those that are set.
template <size_t N>
void reply_flags(resp::Reply& reply, uint32_t flags, const std::array<FlagName, N>& names) {
  size_t count = 0;
  for (const FlagName& row : names) count += (flags & row.flag) != 0 ? 1 : 0;
  reply.set(count);
  for (const FlagName& row : names) {
    if ((flags & row.flag) != 0) reply.status(row.name);
  }
}

void reply_categories(resp::Reply& reply, uint32_t categories) {
  reply.set(static_cast<size_t>(std::popcount(categories)));
  for (size_t i = 0; i < kCategoryNames.size(); ++i) {
    if ((categories >> i & 1u) != 0) reply.status("@" + Bytes(kCategoryNames[i]));
  }
}

void reply_tips(resp::Reply& reply, std::string_view tips) {
  const auto set = reply.begin_set();
  size_t count = 0;
  while (!tips.empty()) {
    const size_t end = std::min(tips.find(' '), tips.size());
    reply.bulk(tips.substr(0, end));
    tips.remove_prefix(std::min(end + 1, tips.size()));
    ++count;
  }
  reply.end_set(set, count);
}

void reply_number(resp::Reply& reply, ByteView name, int64_t number) {
  reply.bulk(name);
  reply.integer(number);
}

void reply_begin(resp::Reply& reply, const KeySpec& spec) {
  reply.map(2);
  reply.bulk("type");
  switch (spec.begin) {
    case KeySpec::Begin::kIndex:
      reply.bulk("index");
      reply.bulk("spec");
      reply.map(1);
      reply_number(reply, "index", spec.index);
      return;
    case KeySpec::Begin::kKeyword:
      reply.bulk("keyword");
      reply.bulk("spec");
      reply.map(2);
      reply.bulk("keyword");
      reply.bulk(spec.keyword);
      reply_number(reply, "startfrom", spec.start_from);
      return;
    case KeySpec::Begin::kUnknown:
    case KeySpec::Begin::kNone:
      reply.bulk("unknown");
      reply.bulk("spec");
      reply.map(0);
      return;
  }
}

void reply_find(resp::Reply& reply, const KeySpec& spec) {
  reply.map(2);
  reply.bulk("type");
  switch (spec.find) {
    case KeySpec::Find::kRange:
      reply.bulk("range");
      reply.bulk("spec");
      reply.map(3);
      reply_number(reply, "lastkey", spec.last);
      reply_number(reply, "keystep", spec.step);
      reply_number(reply, "limit", spec.limit);
      return;
    case KeySpec::Find::kKeynum:
      reply.bulk("keynum");
      reply.bulk("spec");
      reply.map(3);
      reply_number(reply, "keynumidx", spec.keynum_index);
      reply_number(reply, "firstkey", spec.first_key);
      reply_number(reply, "keystep", spec.step);
      return;
    case KeySpec::Find::kUnknown:
      reply.bulk("unknown");
      reply.bulk("spec");
      reply.map(0);
      return;
  }
}

void reply_key_specs(resp::Reply& reply, const KeySpecs& specs) {
  size_t count = 0;
  for (const KeySpec& spec : specs) count += spec.begin != KeySpec::Begin::kNone ? 1 : 0;
  reply.set(count);
  for (const KeySpec& spec : specs) {
    if (spec.begin == KeySpec::Begin::kNone) continue;
    reply.map(spec.notes.empty() ? 3 : 4);
    if (!spec.notes.empty()) {
      reply.bulk("notes");
      reply.bulk(spec.notes);
    }
    reply.bulk("flags");
    reply_flags(reply, spec.flags, kKeyFlagNames);
    reply.bulk("begin_search");
    reply_begin(reply, spec);
    reply.bulk("find_keys");
    reply_find(reply, spec);
  }
}

void reply_command(resp::Reply& reply, const Command& command) {
  const CommandSpec& spec = *command.spec;
  const KeyRange range = legacy_range(spec);
  reply.array(10);
  reply.bulk(command.full_name);
  reply.integer(spec.arity);
  reply_flags(reply, command.flags, kFlagNames);
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  reply_categories(reply, categories_of(spec));
  reply_tips(reply, spec.tips);
  reply_key_specs(reply, spec.keys);
  reply.set(command.subcommands.size());
  for (const auto& sub : command.subcommands) reply_command(reply, *sub);
}

Outcome reply_all(Call& call) {
  call.reply.array(call.on.table.all().size());
  for (const auto& command : call.on.table.all()) reply_command(call.reply, *command);
  return Outcome::kDone;
}

Outcome cmd_command(Call& call) {
  return reply_all(call);
}

Outcome cmd_command_count(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.on.table.all().size()));
  return Outcome::kDone;
}

Outcome cmd_command_info(Call& call) {
  if (!call.args.more()) return reply_all(call);
  call.reply.array(call.args.left());
  for (const ByteView name : call.args.rest()) {
    const Command* command = call.on.table.find_full(name);
    if (command == nullptr) {
      call.reply.null();
    } else {
      reply_command(call.reply, *command);
    }
  }
  return Outcome::kDone;
}

struct Filter {
  ByteView pattern = {};    // empty: any name
  uint32_t categories = 0;  // 0: any category
  bool nothing = false;     // fits no command: there are no modules, and no such category
};

// Latches Redis's error.
Filter read_filter(Call& call) {
  Filter filter;
  if (!call.args.more()) return filter;
  if (call.args.left() != 3 || !call.args.accept("FILTERBY")) {
    call.args.syntax_error();
    return filter;
  }
  if (call.args.accept("MODULE")) {
    call.args.next();
    filter.nothing = true;
  } else if (call.args.accept("ACLCAT")) {
    const ByteView wanted = call.args.next();
    filter.nothing = true;
    for (size_t i = 0; i < kCategoryNames.size(); ++i) {
      if (!same_word(wanted, kCategoryNames[i])) continue;
      filter.categories = 1u << i;
      filter.nothing = false;
    }
  } else if (call.args.accept("PATTERN")) {
    filter.pattern = call.args.next();
    filter.nothing = filter.pattern.empty();
  } else {
    call.args.syntax_error();
  }
  return filter;
}

bool fits(const Filter& filter, const Command& command) {
  if (filter.nothing) return false;
  if (filter.categories != 0) return (categories_of(*command.spec) & filter.categories) != 0;
  return filter.pattern.empty() ||
         base::glob_match(filter.pattern, command.full_name, base::GlobCase::kIgnore);
}

Outcome cmd_command_list(Call& call) {
  const Filter filter = read_filter(call);
  if (!call.args.ok()) return call.fail(call.args.error());
  const auto names = call.reply.begin_array();
  size_t count = 0;
  call.on.table.for_each([&](const Command& command) {
    if (!fits(filter, command)) return;
    call.reply.bulk(command.full_name);
    ++count;
  });
  call.reply.end_array(names, count);
  return Outcome::kDone;
}

enum class WithFlags : uint8_t { kNo, kYes };

// The command that the arguments spell, or null.
const Command* spelled(const Call& call, std::span<const ByteView> words) {
  const Command* command = call.on.table.find(words[0]);
  if (command == nullptr || command->subcommands.empty() || words.size() == 1) return command;
  return command->subcommand(words[1]);
}

Outcome get_keys(Call& call, WithFlags with_flags) {
  const std::span<const ByteView> words = call.args.rest();
  const Command* command = spelled(call, words);
  if (command == nullptr) return call.fail("ERR Invalid command specified");
  std::vector<KeyArgument> keys;
  const bool arity_ok = command->spec->arity_ok(words.size());
  const KeySearch search = find_keys(*command->spec, words, keys);
  if (search == KeySearch::kNoKeys) return call.fail("ERR The command has no key arguments");
  if (!arity_ok) return call.fail("ERR Invalid number of arguments specified for command");
  if (search == KeySearch::kInvalid) return call.fail("ERR Invalid arguments specified for command");
  call.reply.array(keys.size());
  for (const KeyArgument& key : keys) {
    if (with_flags == WithFlags::kYes) call.reply.array(2);
    call.reply.bulk(words[key.index]);
    if (with_flags == WithFlags::kYes) reply_flags(call.reply, key.flags, kKeyFlagNames);
  }
  return Outcome::kDone;
}

Outcome cmd_command_getkeys(Call& call) {
  return get_keys(call, WithFlags::kNo);
}

Outcome cmd_command_getkeysandflags(Call& call) {
  return get_keys(call, WithFlags::kYes);
}

constexpr uint32_t kAnytime = kLoading | kStale;

constexpr CommandSpec kCommandRows[] = {
    {"count",
     cmd_command_count,
     exactly(2),
     no_keys(),
     kAnytime,
     Group::kServer,
     "2.8.13",
     "Counts the commands.",
     {},
     kCatConnection},
    {"docs", cmd_command_docs, at_least(2), no_keys(), kAnytime, Group::kServer, "7.0.0",
     "Tells what commands are for and which arguments they take.", "[command-name [command-name ...]]",
     kCatConnection, "nondeterministic_output_order"},
    {"getkeys",
     cmd_command_getkeys,
     at_least(4),
     no_keys(),
     kAnytime,
     Group::kServer,
     "2.8.13",
     "Picks the keys out of a full command.",
     {},
     kCatConnection},
    {"getkeysandflags",
     cmd_command_getkeysandflags,
     at_least(4),
     no_keys(),
     kAnytime,
     Group::kServer,
     "7.0.0",
     "Picks the keys out of a full command and tells what becomes of them.",
     {},
     kCatConnection},
    {"help",
     reply_help,
     exactly(2),
     no_keys(),
     kAnytime,
     Group::kServer,
     "5.0.0",
     "Describes the subcommands of COMMAND.",
     {},
     kCatConnection},
    {"info", cmd_command_info, at_least(2), no_keys(), kAnytime, Group::kServer, "2.8.13",
     "Tells arity, flags, keys and categories of commands.", "[command-name [command-name ...]]",
     kCatConnection, "nondeterministic_output_order"},
    {"list", cmd_command_list, at_least(2), no_keys(), kAnytime, Group::kServer, "7.0.0",
     "Lists the names of commands.",
     "filterby[FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]", kCatConnection,
     "nondeterministic_output_order"},
};
static_assert(rows_are_sound(kCommandRows));

constexpr CommandSpec kRows[] = {
    {"command",
     cmd_command,
     at_least(1),
     no_keys(),
     kAnytime,
     Group::kServer,
     "2.8.13",
     "Tells everything there is to know of every command.",
     {},
     kCatConnection,
     "nondeterministic_output_order",
     kCommandRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> command_commands() {
  return kRows;
}

}  // namespace sluice::commands
