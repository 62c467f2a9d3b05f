#include "commands/session.h"

#include "exec/executor.h"

namespace sluice::commands {

bool name_is_sound(base::ByteView name) {
  for (const char c : name) {
    if (c < '!' || c > '~') return false;
  }
  return true;
}

bool credentials_match(exec::Call& call, base::ByteView user, base::ByteView password) {
  const std::string& expected = call.on.settings.password;
  bool same = user == "default";
  if (!expected.empty()) {
    unsigned difference = password.size() == expected.size() ? 0 : 1;
    for (size_t i = 0; i < password.size(); ++i) {
      const char other = expected[i % expected.size()];
      difference |= static_cast<unsigned char>(password[i] ^ other);
    }
    same = same && difference == 0;
  }
  if (!same) ++call.on.stats.auth_failures;
  return same;
}

bool authenticate(exec::Call& call, base::ByteView user, base::ByteView password) {
  if (!credentials_match(call, user, password)) return false;
  call.client.authenticated = true;
  return true;
}

void reset_session(exec::Call& call) {
  client::Client& client = call.client;
  call.on.transactions.end(client);
  call.on.hub.forget(client);
  client.unset(client::kReplyOff | client::kReplySkip | client::kReplySkipNext | client::kNoEvict |
               client::kNoTouch | client::kReadonly | client::kDurable);
  client.outbox.wait_for_sync(false);
  client.db = 0;
  client.name.clear();
  client.protocol = resp::Protocol::kResp2;
  call.reply.set_protocol(client.protocol);
  client.authenticated = call.on.settings.password.empty();
}

}  // namespace sluice::commands
