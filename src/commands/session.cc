#include "commands/session.h"

#include "exec/executor.h"

namespace sluice::commands {

bool name_is_sound(base::ByteView name) {
  for (const char c : name) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

const acl::User* credentials(exec::Call& call, base::ByteView name, base::ByteView password) {
  const acl::User* user = call.on.users.credentials(name, password);
  if (user == nullptr) {
    call.on.executor->access().note_failed_login({call.client, call.command, call.args.words()}, name);
  }
  return user;
}

void reset_session(exec::Call& call) {
  client::Client& client = call.client;
  call.on.transactions.end(client);
  call.on.hub.forget(client);
  call.on.tracking.stop(client);
  client.unset(client::kReplyOff | client::kReplySkip | client::kReplySkipNext | client::kNoEvict |
               client::kNoTouch | client::kReadonly | client::kDurable);
  client.outbox.wait_for_sync(false);
  client.db = 0;
  client.name.clear();
  client.protocol = resp::Protocol::kResp2;
  call.reply.set_protocol(client.protocol);
  call.on.users.log_out(client);
}

}  // namespace sluice::commands
