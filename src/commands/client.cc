// CLIENT: what a connection says of itself, and what an operator sees and does of the others. Killing only
// marks: the server closes marked connections when the turn ends, and nothing is handed to them before.
#include <algorithm>

#include "base/number.h"
#include "commands/all.h"
#include "commands/client_tracking.h"
#include "commands/family.h"
#include "commands/help.h"
#include "commands/session.h"
#include "config/store.h"
#include "exec/client_line.h"

namespace sluice::commands {

namespace {

using client::Client;
using client::ClientId;

// Longer pauses are as good as for ever, and their end must still fit a clock in microseconds.
constexpr int64_t kLongestPauseMs = int64_t{100} * 365 * 24 * 3600 * 1000;

Outcome cmd_id(Call& call) {
  call.reply.integer(static_cast<int64_t>(call.client.id));
  return Outcome::kDone;
}

Outcome cmd_getname(Call& call) {
  if (call.client.name.empty()) {
    call.reply.null();
  } else {
    call.reply.bulk(call.client.name);
  }
  return Outcome::kDone;
}

Outcome cmd_setname(Call& call) {
  const ByteView name = call.args.next();
  if (!name_is_sound(name)) return call.fail(kBadClientName);
  call.client.name = name;
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_setinfo(Call& call) {
  const ByteView option = call.args.next();
  const ByteView value = call.args.next();
  const bool is_name = same_word(option, "lib-name");
  if (!is_name && !same_word(option, "lib-ver")) {
    return call.fail("ERR Unrecognized option '" + Bytes(option) + "'");
  }
  if (!name_is_sound(value)) {
    return call.fail("ERR " + Bytes(option) + " cannot contain spaces, newlines or special characters.");
  }
  (is_name ? call.client.library_name : call.client.library_version) = value;
  call.reply.ok();
  return Outcome::kDone;
}

std::string line_of(Call& call, Client& client) {
  return client_line(call.on, client, {call.client.id, call.args.words(), call.access().now_ms}) + "\n";
}

Outcome cmd_client_info(Call& call) {
  call.reply.verbatim("txt", line_of(call, call.client));
  return Outcome::kDone;
}

// Nobody, if the id is not of a client or of one that is about to be closed.
Client* find_client(Call& call, ClientId id) {
  Client* found = call.on.clients.find(id);
  return found == nullptr || found->has(client::kCloseNow) ? nullptr : found;
}

Outcome unknown_kind(Call& call, ByteView word) {
  return call.fail("ERR Unknown client type '" + Bytes(word.substr(0, word.find('\0'))) + "'");
}

Outcome list_by_id(Call& call) {
  std::string text;
  for (const ByteView word : call.args.rest()) {
    const auto id = base::parse_int64(word);
    if (!id) return call.fail("ERR Invalid client ID");
    Client* found = find_client(call, static_cast<ClientId>(*id));
    if (found != nullptr) text += line_of(call, *found);
  }
  call.reply.verbatim("txt", text);
  return Outcome::kDone;
}

Outcome cmd_list(Call& call) {
  std::optional<ClientKind> kind;
  if (call.args.left() == 2 && call.args.accept("TYPE")) {
    const ByteView word = call.args.next();
    kind = client_kind_of(word);
    if (!kind) return unknown_kind(call, word);
  } else if (call.args.accept_with("ID")) {
    return list_by_id(call);
  } else if (call.args.more()) {
    return call.fail(errors::kSyntax);
  }
  std::string text;
  call.on.clients.for_each([&](Client& client) {
    const bool wanted = !kind || kind_of(client) == *kind;
    if (wanted && !client.has(client::kCloseNow)) text += line_of(call, client);
  });
  call.reply.verbatim("txt", text);
  return Outcome::kDone;
}

struct KillFilter {
  std::optional<ClientId> id;
  std::optional<ClientKind> kind;
  std::optional<acl::UserId> user;
  std::optional<ByteView> address;
  std::optional<ByteView> local_address;
  bool skip_me = true;
};

bool fits(const Client& client, const KillFilter& filter) {
  if (filter.id && client.id != *filter.id) return false;
  if (filter.kind && kind_of(client) != *filter.kind) return false;
  if (filter.user && client.user != *filter.user) return false;
  if (filter.address && client.address != *filter.address) return false;
  return !filter.local_address || client.local_address == *filter.local_address;
}

int64_t kill_all(Call& call, const KillFilter& filter) {
  int64_t killed = 0;
  call.on.clients.for_each([&](Client& client) {
    if (client.has(client::kCloseNow) || !fits(client, filter)) return;
    const bool me = client.id == call.client.id;
    if (me && filter.skip_me) return;
    // Whoever kills itself still gets its answer.
    client.set(me ? client::kCloseAfterReply : client::kCloseNow);
    call.on.clients.needs_attention(client);
    ++killed;
  });
  return killed;
}

// One filter of the newer form; false: an error was replied.
bool read_filter(Call& call, KillFilter& filter) {
  const ByteView name = call.args.next();
  const ByteView value = call.args.next();
  if (same_word(name, "ID")) {
    const auto id = base::parse_int64(value);
    if (!id || *id <= 0) {
      call.fail("ERR client-id should be greater than 0");
      return false;
    }
    filter.id = static_cast<ClientId>(*id);
  } else if (same_word(name, "TYPE")) {
    filter.kind = client_kind_of(value);
    if (!filter.kind) {
      unknown_kind(call, value);
      return false;
    }
  } else if (same_word(name, "ADDR")) {
    filter.address = value;
  } else if (same_word(name, "LADDR")) {
    filter.local_address = value;
  } else if (same_word(name, "USER")) {
    const acl::User* user = call.on.users.find(value);
    if (user == nullptr) {
      call.fail("ERR No such user '" + Bytes(value) + "'");
      return false;
    }
    filter.user = user->id();
  } else if (same_word(name, "SKIPME") && (same_word(value, "yes") || same_word(value, "no"))) {
    filter.skip_me = same_word(value, "yes");
  } else {
    call.fail(errors::kSyntax);
    return false;
  }
  return true;
}

Outcome cmd_kill(Call& call) {
  KillFilter filter;
  if (call.args.left() == 1) {
    filter.address = call.args.next();
    filter.skip_me = false;
    if (kill_all(call, filter) == 0) return call.fail("ERR No such client");
    call.reply.ok();
    return Outcome::kDone;
  }
  while (call.args.more()) {
    if (call.args.left() == 1) return call.fail(errors::kSyntax);
    if (!read_filter(call, filter)) return Outcome::kFailed;
  }
  call.reply.integer(kill_all(call, filter));
  return Outcome::kDone;
}

Outcome wrong_words(Call& call) {
  return call.fail(errors::unknown_subcommand_or_arity("client", call.args.at(1)));
}

Outcome cmd_unblock(Call& call) {
  if (call.args.left() > 2) return wrong_words(call);
  const ByteView id_word = call.args.next();
  ByteView error;
  if (call.args.accept("ERROR")) {
    error = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
  } else if (!call.args.accept("TIMEOUT") && call.args.more()) {
    return call.fail("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const auto id = base::parse_int64(id_word);
  if (!id) return call.fail(errors::kNotAnInteger);
  Client* found = find_client(call, static_cast<ClientId>(*id));
  call.reply.integer(found != nullptr && call.on.executor->unblock(*found, error) ? 1 : 0);
  return Outcome::kDone;
}

Outcome cmd_pause(Call& call) {
  if (call.args.left() > 2) return wrong_words(call);
  const ByteView timeout_word = call.args.next();
  PauseMode mode = PauseMode::kAll;
  if (call.args.accept("WRITE")) {
    mode = PauseMode::kWrite;
  } else if (!call.args.accept("ALL") && call.args.more()) {
    return call.fail("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  const auto timeout_ms = base::parse_int64(timeout_word);
  if (!timeout_ms) return call.fail("ERR timeout is not an integer or out of range");
  if (*timeout_ms < 0) return call.fail("ERR timeout is negative");
  if (*timeout_ms > INT64_MAX - call.access().now_ms) return call.fail(errors::kTimeoutOutOfRange);
  const int64_t now_ms = call.on.clock.monotonic_us() / 1000;
  call.on.executor->pause(mode, now_ms + std::min(*timeout_ms, kLongestPauseMs));
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_unpause(Call& call) {
  call.on.executor->unpause();
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_reply(Call& call) {
  Client& client = call.client;
  if (call.args.accept("ON")) {
    client.unset(client::kReplyOff | client::kReplySkip | client::kReplySkipNext);
    call.reply.ok();
  } else if (call.args.accept("OFF")) {
    client.set(client::kReplyOff);
  } else if (call.args.accept("SKIP")) {
    if (!client.has(client::kReplyOff)) client.set(client::kReplySkipNext);
  } else {
    return call.fail(errors::kSyntax);
  }
  return Outcome::kDone;
}

Outcome switch_flag(Call& call, uint32_t flag) {
  if (call.args.accept("ON")) {
    call.client.set(flag);
  } else if (call.args.accept("OFF")) {
    call.client.unset(flag);
  } else {
    return call.fail(errors::kSyntax);
  }
  call.reply.ok();
  return Outcome::kDone;
}

Outcome cmd_no_evict(Call& call) {
  return switch_flag(call, client::kNoEvict);
}
Outcome cmd_no_touch(Call& call) {
  return switch_flag(call, client::kNoTouch);
}

// For this connection what `always` is for all: its replies wait until the disk has what they tell of.
Outcome cmd_durable(Call& call) {
  const bool on = call.args.accept("ON");
  if (!on && !call.args.accept("OFF")) return call.fail(errors::kSyntax);
  const config::Store& config = call.on.config;
  if (on && !config.flag(config::Option::kAppendOnly)) {
    return call.fail("ERR CLIENT DURABLE cannot be used when appendonly is disabled.");
  }
  if (on && config.choice<config::AppendFsync>(config::Option::kAppendFsync) == config::AppendFsync::kNo) {
    return call.fail("ERR CLIENT DURABLE cannot be used when appendfsync is 'no': nothing is synced then.");
  }
  if (on) {
    call.client.set(client::kDurable);
  } else {
    call.client.unset(client::kDurable);
  }
  call.client.outbox.wait_for_sync(on);
  call.reply.ok();
  return Outcome::kDone;
}

constexpr uint32_t kOwn = kNoscript | kLoading | kStale | kKeepsCaching;
constexpr uint32_t kOthers = kAdmin | kOwn;

constexpr CommandSpec kClientRows[] = {
    {"caching", cmd_client_caching, exactly(3), no_keys(), kOwn, Group::kConnection, "6.0.0",
     "Says whether what the next command reads is tracked.", "mode<YES|NO>"},
    {"durable", cmd_durable, exactly(3), no_keys(), kOwn, Group::kConnection, "7.2.4",
     "Lets the replies of this connection wait until the disk has what they tell of.", "<ON|OFF>"},
    {"getname", cmd_getname, exactly(2), no_keys(), kOwn, Group::kConnection, "2.6.9",
     "Tells the name of this connection."},
    {"getredir", cmd_client_getredir, exactly(2), no_keys(), kOwn, Group::kConnection, "6.0.0",
     "Tells which connection gets the invalidations for this one."},
    {"help", reply_help, exactly(2), no_keys(), kLoading | kStale | kKeepsCaching, Group::kConnection,
     "5.0.0", "Prints this help."},
    {"id", cmd_id, exactly(2), no_keys(), kOwn, Group::kConnection, "5.0.0",
     "Tells the number of this connection, which no other will have."},
    {"info", cmd_client_info, exactly(2), no_keys(), kOwn, Group::kConnection, "6.2.0",
     "Describes this connection in one line.", "", 0, "nondeterministic_output"},
    {"kill", cmd_kill, at_least(3), no_keys(), kOthers, Group::kConnection, "2.4.0", "Closes connections.",
     "filter<ip:port@-2.8.12|new-format<[ID client-id@2.8.12]|normal_master_slave_pubsub@2.8.12[TYPE "
     "<NORMAL|MASTER@3.2.0|SLAVE|REPLICA@5.0.0|PUBSUB>]|[USER username]|[ADDR ip:port]|[LADDR "
     "ip:port@6.2.0]|[SKIPME yes/no]> [<[ID client-id]|[TYPE <NORMAL|MASTER|SLAVE|REPLICA|PUBSUB>]|[USER "
     "username]|[ADDR ip:port]|[LADDR ip:port]|[SKIPME yes/no]> ...]>"},
    {"list", cmd_list, at_least(2), no_keys(), kOthers, Group::kConnection, "2.4.0",
     "Describes connections, one a line.",
     "@5.0.0[TYPE <NORMAL|MASTER|REPLICA|PUBSUB>] [ID id@6.2.0<client-id [client-id ...]>]", 0,
     "nondeterministic_output"},
    {"no-evict", cmd_no_evict, exactly(3), no_keys(), kOthers, Group::kConnection, "7.0.0",
     "Exempts this connection from being closed when clients hold too much memory.", "enabled<ON|OFF>"},
    {"no-touch", cmd_no_touch, exactly(3), no_keys(), kOwn, Group::kConnection, "7.2.0",
     "Lets this connection look at keys without their counting as used.", "<ON|OFF>"},
    {"pause", cmd_pause, at_least(3), no_keys(), kOthers, Group::kConnection, "2.9.50",
     "Lets the commands of all clients wait for a while.", "timeout:integer mode@6.2.0[WRITE|ALL]"},
    {"reply", cmd_reply, exactly(3), no_keys(), kOwn, Group::kConnection, "3.2.0",
     "Says whether this connection wants answers.", "<ON|OFF|SKIP>"},
    {"setinfo", cmd_setinfo, exactly(4), no_keys(), kOwn, Group::kConnection, "7.2.0",
     "Tells which library speaks for this connection.", "<LIB-NAME libname|LIB-VER libver>"},
    {"setname", cmd_setname, exactly(3), no_keys(), kOwn, Group::kConnection, "2.6.9",
     "Names this connection.", "connection-name"},
    {"tracking", cmd_client_tracking, at_least(3), no_keys(), kOwn, Group::kConnection, "6.0.0",
     "Says whether this connection is told when what it read changes.",
     "status<ON|OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] "
     "[NOLOOP]"},
    {"trackinginfo", cmd_client_trackinginfo, exactly(2), no_keys(), kOwn, Group::kConnection, "6.2.0",
     "Tells how the keys of this connection are tracked."},
    {"unblock", cmd_unblock, at_least(3), no_keys(), kOthers, Group::kConnection, "5.0.0",
     "Ends the waiting of a blocked connection.", "client-id [TIMEOUT|ERROR]"},
    {"unpause", cmd_unpause, exactly(2), no_keys(), kOthers, Group::kConnection, "6.2.0",
     "Ends CLIENT PAUSE before its time."},
};
static_assert(rows_are_sound(kClientRows));

constexpr CommandSpec kRows[] = {
    {"client", nullptr, at_least(2), no_keys(), 0, Group::kConnection, "2.4.0",
     "Looks after connections: this one and the others.", "", kCatNotOfGroup, "", kClientRows},
};
static_assert(rows_are_sound(kRows));

}  // namespace

std::span<const CommandSpec> client_commands() {
  return kRows;
}

}  // namespace sluice::commands
