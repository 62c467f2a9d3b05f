// ACL: who may do what. Users and their rules are kept by acl::Registry; what is about them is in
// commands/acl_users, the rest here.
#include <algorithm>

#include "acl/password.h"
#include "base/number.h"
#include "commands/acl_users.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/help.h"
#include "exec/resolve.h"

namespace sluice::commands {

namespace {

constexpr int64_t kMaxPasswordBits = 4096;
constexpr int64_t kPasswordBits = 256;
constexpr int64_t kShownDenials = 10;
constexpr size_t kEchoedCategoryBytes = 128;

Outcome wrong_words(Call& call) {
  return call.fail(errors::unknown_subcommand_or_arity("acl", call.args.at(1)));
}

Outcome cmd_cat(Call& call) {
  if (call.args.left() > 1) return wrong_words(call);
  if (!call.args.more()) {
    call.reply.array(kCategoryNames.size());
    for (const ByteView name : kCategoryNames) call.reply.bulk(name);
    return Outcome::kDone;
  }
  const ByteView name = call.args.next();
  const auto category = acl::category_by_name(name);
  if (!category) {
    return call.fail("ERR Unknown category '" + Bytes(name.substr(0, kEchoedCategoryBytes)) + "'");
  }
  std::vector<ByteView> names;
  call.on.table.for_each([&](const Command& command) {
    if ((categories_of(*command.spec) & *category) != 0) names.push_back(command.full_name);
  });
  call.reply.array(names.size());
  for (const ByteView command : names) call.reply.bulk(command);
  return Outcome::kDone;
}

Outcome cmd_dryrun(Call& call) {
  const ByteView name = call.args.next();
  const acl::User* user = call.on.users.find(name);
  if (user == nullptr) return call.fail("ERR User '" + Bytes(name) + "' not found");
  const auto words = call.args.rest();
  const Command* command = below(call.on.table.find(words[0]), words);
  if (command == nullptr) return call.fail("ERR Command '" + Bytes(words[0]) + "' not found");
  if (!command->spec->arity_ok(words.size())) return call.fail(errors::wrong_arity(command->full_name));
  exec::AccessCheck& access = call.on.executor->access();
  const acl::Verdict verdict = access.check(*user, *command, words);
  if (verdict.allowed()) {
    call.reply.ok();
  } else {
    call.reply.bulk(access.full_text_of(verdict, *user, {call.client, *command, words}));
  }
  return Outcome::kDone;
}

Outcome cmd_genpass(Call& call) {
  if (call.args.left() > 1) return wrong_words(call);
  const int64_t bits = call.args.more() ? call.args.integer() : kPasswordBits;
  if (!call.args.ok()) return call.fail(call.args.error());
  if (bits <= 0 || bits > kMaxPasswordBits) {
    return call.fail(
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up "
        "to 4096");
  }
  call.reply.bulk(acl::random_password(static_cast<size_t>(bits)));
  return Outcome::kDone;
}

ByteView name_of(acl::Reason reason) {
  switch (reason) {
    case acl::Reason::kNone:
      return "unknown";
    case acl::Reason::kCommand:
      return "command";
    case acl::Reason::kKey:
      return "key";
    case acl::Reason::kAuth:
      return "auth";
    case acl::Reason::kChannel:
      return "channel";
  }
  return "unknown";
}

ByteView name_of(acl::Context context) {
  switch (context) {
    case acl::Context::kTopLevel:
      return "toplevel";
    case acl::Context::kMulti:
      return "multi";
    case acl::Context::kScript:
      return "lua";
  }
  return "unknown";
}

void reply_denial(Call& call, const acl::DenialLog::Entry& entry) {
  const auto text = [&](ByteView field, ByteView value) {
    call.reply.bulk(field);
    call.reply.bulk(value);
  };
  const auto number = [&](ByteView field, int64_t value) {
    call.reply.bulk(field);
    call.reply.integer(value);
  };
  call.reply.map(10);
  number("count", static_cast<int64_t>(entry.count));
  text("reason", name_of(entry.denial.reason));
  text("context", name_of(entry.denial.context));
  text("object", entry.denial.object);
  text("username", entry.denial.user);
  call.reply.bulk("age-seconds");
  call.reply.real(static_cast<double>(call.access().now_ms - entry.updated_ms) / 1000);
  text("client-info", entry.denial.client);
  number("entry-id", static_cast<int64_t>(entry.id));
  number("timestamp-created", entry.created_ms);
  number("timestamp-last-updated", entry.updated_ms);
}

Outcome cmd_log(Call& call) {
  if (call.args.left() > 1) return wrong_words(call);
  acl::DenialLog& log = call.on.users.denials();
  if (call.args.accept("RESET")) {
    log.clear();
    call.reply.ok();
    return Outcome::kDone;
  }
  const int64_t wanted = call.args.more() ? call.args.integer() : kShownDenials;
  if (!call.args.ok()) return call.fail(call.args.error());
  size_t left = std::min(static_cast<size_t>(std::max<int64_t>(wanted, 0)), log.entries().size());
  call.reply.array(left);
  for (const acl::DenialLog::Entry& entry : log.entries()) {
    if (left-- == 0) break;
    reply_denial(call, entry);
  }
  return Outcome::kDone;
}

// Rules hold passwords, and names go with them.
bool rule_secret(std::span<const ByteView>, size_t index) {
  return index >= 2;
}

constexpr uint32_t kAnyUser = kNoscript | kLoading | kStale;
constexpr uint32_t kOperator = kAdmin | kNoscript | kLoading | kStale;

constexpr CommandSpec kAclRows[] = {
    {"cat", cmd_cat, at_least(2), no_keys(), kAnyUser, Group::kServer, "6.0.0",
     "Names the categories of commands, or the commands of one.", "[categoryname]"},
    {"deluser", cmd_acl_deluser, at_least(3), no_keys(), kOperator, Group::kServer, "6.0.0",
     "Removes users, and closes their connections.", "username [username ...]"},
    {"dryrun", cmd_dryrun, at_least(4), no_keys(), kOperator, Group::kServer, "7.0.0",
     "Tells whether a user could run a command, without running it.", "username command [arg [arg ...]]"},
    {"genpass", cmd_genpass, at_least(2), no_keys(), kAnyUser, Group::kServer, "6.0.0",
     "Makes up a password that nobody can guess.", "[bits:integer]"},
    {"getuser", cmd_acl_getuser, exactly(3), no_keys(), kOperator, Group::kServer, "6.0.0",
     "Shows what a user is and may do.", "username"},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale, Group::kServer, "6.0.0",
     "Prints this help."},
    {"list", cmd_acl_list, exactly(2), no_keys(), kOperator, Group::kServer, "6.0.0",
     "Shows every user as a line of a configuration."},
    {"load", cmd_acl_load, exactly(2), no_keys(), kOperator, Group::kServer, "6.0.0",
     "Takes the users of the aclfile in place of those there are."},
    {"log", cmd_log, at_least(2), no_keys(), kOperator, Group::kServer, "6.0.0",
     "Shows what was refused to whom lately, or forgets it.", "operation[count:integer|RESET]"},
    {"save", cmd_acl_save, exactly(2), no_keys(), kOperator, Group::kServer, "6.0.0",
     "Writes the users into the aclfile."},
    {"setuser",
     cmd_acl_setuser,
     at_least(3),
     no_keys(),
     kOperator,
     Group::kServer,
     "6.0.0",
     "Makes a user, or changes what one may do.",
     "username [rule [rule ...]]",
     0,
     {},
     {},
     nullptr,
     rule_secret},
    {"users", cmd_acl_users, exactly(2), no_keys(), kOperator, Group::kServer, "6.0.0", "Names the users."},
    {"whoami", cmd_acl_whoami, exactly(2), no_keys(), kAnyUser, Group::kServer, "6.0.0",
     "Tells which user this connection is."},
};
static_assert(rows_are_sound(kAclRows));

constexpr CommandSpec kRows[] = {
    {"acl", nullptr, at_least(2), no_keys(), 0, Group::kServer, "6.0.0",
     "Looks after users and what they may do.", "", 0, "", kAclRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> acl_commands() {
  return kRows;
}

}  // namespace sluice::commands
