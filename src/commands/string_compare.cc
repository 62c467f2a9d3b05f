// Strings told by what they are: DIGEST shows what stands for a text, DELEX and DELIFEQ remove a key only if
// it holds what the client expects. Logged as the DEL it came to.
#include <optional>

#include "commands/all.h"
#include "commands/any_type.h"
#include "commands/family.h"
#include "commands/string_condition.h"

namespace sluice::commands {

namespace {

using types::StringValue;

Outcome remove(Call& call, keyspace::Entry& entry) {
  call.propagate_as({"DEL", entry.key()});
  call.on.keyspace.remove(call.access(), entry, events::del);
  call.reply.integer(1);
  return Outcome::kDone;
}

// What is wrong with a condition is said only of a string: Redis looks at the key first.
Outcome cmd_delex(Call& call) {
  const ByteView key = call.args.key();
  const bool conditional = call.args.left() == 2;
  if (call.args.more() && !conditional) return call.fail(errors::wrong_arity(call.command.full_name));
  keyspace::Entry* entry = call.on.keyspace.find(call.access(), key);
  if (entry == nullptr) {
    call.reply.integer(0);
    return Outcome::kDone;
  }
  if (!conditional) return remove(call, *entry);
  const auto* text = keyspace::get_if<StringValue>(entry->value);
  if (text == nullptr) return call.fail("ERR Key should be of string type if conditions are specified");
  const auto kind = parse_condition(call.args.next());
  if (!kind) return call.fail("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
  const StringCondition condition{*kind, call.args.next()};
  if (!condition.is_sound()) return call.fail(kBadDigest);
  if (condition.holds(text)) return remove(call, *entry);
  call.reply.integer(0);
  return Outcome::kDone;
}

Outcome cmd_delifeq(Call& call) {
  const auto found = call.view<StringValue>(call.args.key());
  if (!found) return call.fail(found.error());
  const StringCondition condition{StringCondition::Kind::kEqual, call.args.next()};
  if (*found && condition.holds(&**found)) return remove(call, *found->entry());
  call.reply.integer(0);
  return Outcome::kDone;
}

Outcome cmd_digest(Call& call) {
  const auto found = call.view<StringValue>(call.args.key());
  if (!found) return call.fail(found.error());
  if (*found) {
    const auto digest = digest_of(**found);
    call.reply.bulk({digest.data(), digest.size()});
  } else {
    call.reply.null();
  }
  return Outcome::kDone;
}

// Without a condition the value is not looked at.
bool keys_of_delex(std::span<const ByteView> words, std::vector<KeyArgument>& keys) {
  const bool looks = words.size() > 2;
  keys.push_back({1, static_cast<uint16_t>(looks ? kKeyRw | kKeyAccess | kKeyDelete : kKeyRm | kKeyDelete)});
  return true;
}

constexpr CommandSpec kRows[] = {
    {"delex",
     cmd_delex,
     at_least(2),
     one_key(1, kKeyRw | kKeyDelete | kKeyVariableFlags, "RM without a condition, RW and ACCESS with one"),
     kWrite | kFast,
     Group::kString,
     "8.4.0",
     "Removes a key if its text, or the digest of it, is the one expected, or is not.",
     "key condition[IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest]",
     0,
     {},
     {},
     keys_of_delex},
    {"delifeq", cmd_delifeq, exactly(3), one_key(1, kKeyRw | kKeyAccess | kKeyDelete), kWrite | kFast,
     Group::kString, "9.0.0", "Removes a key if it holds this text.", "key value"},
    {"digest", cmd_digest, exactly(2), one_key(1, kKeyRo | kKeyAccess), kReadonly | kFast, Group::kString,
     "8.4.0", "Shows a short text that stands for a string: its hash.", "key"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> string_compare_commands() {
  return kRows;
}

}  // namespace sluice::commands
