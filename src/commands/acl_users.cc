#include "commands/acl_users.h"

#include <algorithm>

#include "commands/family.h"
#include "config/store.h"

namespace sluice::commands {

namespace {

constexpr ByteView kNoFile =
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL "
    "SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in "
    "order to store users in the Redis configuration.";

void reply_selector(resp::Reply& reply, const acl::Selector& selector) {
  reply.bulk("commands");
  reply.bulk(selector.commands_text());
  reply.bulk("keys");
  reply.bulk(selector.keys_text());
  reply.bulk("channels");
  reply.bulk(selector.channels_text());
}

const std::string& user_file(Call& call) {
  return call.on.config.text(config::Option::kAclFile);
}

}  // namespace

Outcome cmd_acl_setuser(Call& call) {
  const ByteView name = call.args.next();
  if (acl::has_blanks(name)) return call.fail("ERR Usernames can't contain spaces or null characters");
  const auto done = call.on.users.set_user(name, call.args.rest(), call.client.id);
  if (!done) return call.fail(done.error().message);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_acl_deluser(Call& call) {
  const auto names = call.args.rest();
  if (std::find(names.begin(), names.end(), acl::kDefaultUserName) != names.end()) {
    return call.fail("ERR The 'default' user cannot be removed");
  }
  int64_t removed = 0;
  for (const ByteView name : names) removed += call.on.users.remove(name, call.client.id) ? 1 : 0;
  call.reply.integer(removed);
  return Outcome::kDone;
}

Outcome cmd_acl_getuser(Call& call) {
  const acl::User* user = call.on.users.find(call.args.next());
  if (user == nullptr) {
    call.reply.null();
    return Outcome::kDone;
  }
  call.reply.map(6);
  call.reply.bulk("flags");
  const std::vector<ByteView> flags = user->flags();
  call.reply.set(flags.size());
  for (const ByteView flag : flags) call.reply.bulk(flag);
  call.reply.bulk("passwords");
  call.reply.array(user->digests().size());
  for (const std::string& digest : user->digests()) call.reply.bulk(digest);
  reply_selector(call.reply, user->selectors().front());
  call.reply.bulk("selectors");
  call.reply.array(user->selectors().size() - 1);
  for (size_t i = 1; i < user->selectors().size(); ++i) {
    call.reply.map(3);
    reply_selector(call.reply, user->selectors()[i]);
  }
  return Outcome::kDone;
}

Outcome cmd_acl_list(Call& call) {
  call.reply.array(call.on.users.size());
  call.on.users.for_each([&](const acl::User& user) { call.reply.bulk(acl::line_of(user)); });
  return Outcome::kDone;
}

Outcome cmd_acl_users(Call& call) {
  call.reply.array(call.on.users.size());
  call.on.users.for_each([&](const acl::User& user) { call.reply.bulk(user.name()); });
  return Outcome::kDone;
}

Outcome cmd_acl_whoami(Call& call) {
  call.reply.bulk(call.on.users.of(call.client).name());
  return Outcome::kDone;
}

Outcome cmd_acl_load(Call& call) {
  if (user_file(call).empty()) return call.fail(kNoFile);
  const auto done = call.on.users.load_file(user_file(call), call.client.id);
  if (!done) return call.fail("ERR " + done.error().message);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_acl_save(Call& call) {
  if (user_file(call).empty()) return call.fail(kNoFile);
  const auto done = call.on.users.save_file(user_file(call));
  if (!done) {
    call.on.log.warning("ACL SAVE: " + done.error().message);
    return call.fail(
        "ERR There was an error trying to save the ACLs. Please check the server logs for more information");
  }
  call.reply.ok();
  return Outcome::kDone;
}

}  // namespace sluice::commands
