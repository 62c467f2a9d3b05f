// What a connection says of itself before and between its work: PING ECHO QUIT RESET SELECT AUTH HELLO.
#include <optional>

#include "base/number.h"
#include "commands/all.h"
#include "commands/family.h"
#include "commands/session.h"

namespace sluice::commands {

namespace {

Outcome cmd_ping(Call& call) {
  if (call.args.left() > 1) return call.fail(errors::wrong_arity("ping"));
  const bool message = call.args.more();
  const ByteView text = message ? call.args.next() : ByteView{};
  if (call.client.has(client::kPubsub) && !call.reply.resp3()) {
    // A subscriber of the older protocol can only be sent what looks like a message.
    call.reply.array(2);
    call.reply.bulk("pong");
    call.reply.bulk(text);
  } else if (message) {
    call.reply.bulk(text);
  } else {
    call.reply.status("PONG");
  }
  return Outcome::kDone;
}

Outcome cmd_echo(Call& call) {
  call.reply.bulk(call.args.next());
  return Outcome::kDone;
}

Outcome cmd_quit(Call& call) {
  call.reply.ok();
  call.client.set(client::kCloseAfterReply);
  return Outcome::kDone;
}

Outcome cmd_reset(Call& call) {
  reset_session(call);
  call.reply.status("RESET");
  return Outcome::kDone;
}

Outcome cmd_select(Call& call) {
  const int64_t index = call.args.integer_between(INT32_MIN, INT32_MAX, errors::kNotAnInt32);
  if (!call.args.ok()) return call.fail(call.args.error());
  if (index < 0 || index >= call.on.keyspace.database_count()) return call.fail(errors::kDbIndexOutOfRange);
  call.client.db = static_cast<int>(index);
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_auth(Call& call) {
  if (call.args.left() > 2) return call.fail(errors::kSyntax);
  ByteView name = acl::kDefaultUserName;
  if (call.args.left() == 2) {
    name = call.args.next();
  } else if (call.on.users.default_user().no_password()) {
    return call.fail(errors::kAuthWithoutPassword);
  }
  const acl::User* user = credentials(call, name, call.args.next());
  if (user == nullptr) return call.fail(errors::kWrongPass);
  call.on.users.log_in(call.client, *user);
  call.reply.ok();
  return Outcome::kDone;
}

void reply_server_facts(Call& call) {
  call.reply.map(7);
  call.reply.bulk("server");
  call.reply.bulk("redis");
  call.reply.bulk("version");
  call.reply.bulk(kReportedVersion);
  call.reply.bulk("proto");
  call.reply.integer(static_cast<int64_t>(call.client.protocol));
  call.reply.bulk("id");
  call.reply.integer(static_cast<int64_t>(call.client.id));
  call.reply.bulk("mode");
  call.reply.bulk("standalone");
  call.reply.bulk("role");
  call.reply.bulk("master");
  call.reply.bulk("modules");
  call.reply.array(0);
}

// Nothing changes unless all of it succeeds (7.2).
Outcome cmd_hello(Call& call) {
  resp::Protocol protocol = call.client.protocol;
  if (call.args.more()) {
    const auto version = base::parse_int64(call.args.next());
    if (!version) return call.fail(errors::kProtocolNotAnInteger);
    if (*version != 2 && *version != 3) return call.fail(errors::kNoProto);
    protocol = *version == 3 ? resp::Protocol::kResp3 : resp::Protocol::kResp2;
  }
  std::optional<ByteView> name;
  const acl::User* user = nullptr;
  while (call.args.more()) {
    const ByteView option = call.args.peek();
    if (call.args.accept_with("AUTH", 2)) {
      const ByteView user_name = call.args.next();
      user = credentials(call, user_name, call.args.next());
      if (user == nullptr) return call.fail(errors::kWrongPass);
    } else if (call.args.accept_with("SETNAME")) {
      name = call.args.next();
      if (!name_is_sound(*name)) return call.fail(kBadClientName);
    } else {
      return call.fail("ERR Syntax error in HELLO option '" + Bytes(option) + "'");
    }
  }
  if (user == nullptr && !call.client.authenticated) return call.fail(errors::kHelloNoAuth);
  if (user != nullptr) call.on.users.log_in(call.client, *user);
  if (name) call.client.name = *name;
  call.client.protocol = protocol;
  call.reply.set_protocol(protocol);
  reply_server_facts(call);
  return Outcome::kDone;
}

bool auth_secret(std::span<const ByteView>, size_t index) {
  return index > 0;
}

// The two words behind AUTH.
bool hello_secret(std::span<const ByteView> words, size_t index) {
  return (index >= 3 && same_word(words[index - 1], "AUTH")) ||
         (index >= 4 && same_word(words[index - 2], "AUTH"));
}

constexpr uint32_t kAnytime = kNoscript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;

constexpr CommandSpec kRows[] = {
    {"auth",
     cmd_auth,
     at_least(2),
     no_keys(),
     kAnytime,
     Group::kConnection,
     "1.0.0",
     "Tells the server who is calling.",
     "[username@6.0.0] password",
     0,
     {},
     {},
     nullptr,
     auth_secret},
    {"echo", cmd_echo, exactly(2), no_keys(), kLoading | kStale | kFast, Group::kConnection, "1.0.0",
     "Returns what it was given.", "message"},
    {"hello",
     cmd_hello,
     at_least(1),
     no_keys(),
     kAnytime,
     Group::kConnection,
     "6.0.0",
     "Agrees on a protocol version, and may authenticate and name the connection.",
     "arguments[protover [AUTH username password] [SETNAME clientname]]",
     0,
     {},
     {},
     nullptr,
     hello_secret},
    {"ping", cmd_ping, at_least(1), no_keys(), kFast | kWhenSubscribed | kDiskProbe, Group::kConnection,
     "1.0.0", "Answers PONG, or the message given.", "[message]", 0,
     "request_policy:all_shards response_policy:all_succeeded"},
    {"quit", cmd_quit, at_least(1), no_keys(), kAnytime | kWhenSubscribed | kNotQueued | kEndsMulti,
     Group::kConnection, "1.0.0", "Closes the connection once its replies have left."},
    {"reset", cmd_reset, exactly(1), no_keys(), kAnytime | kWhenSubscribed | kNotQueued | kEndsMulti,
     Group::kConnection, "6.2.0", "Puts the connection back into the state it had when it was new."},
    {"select", cmd_select, exactly(2), no_keys(), kLoading | kStale | kFast, Group::kConnection, "1.0.0",
     "Changes the database of this connection.", "index"},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> handshake_commands() {
  return kRows;
}

}  // namespace sluice::commands
