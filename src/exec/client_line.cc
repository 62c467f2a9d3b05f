#include "exec/client_line.h"

#include <array>
#include <utility>

#include "exec/args.h"

namespace sluice::exec {

namespace {

std::string flag_letters(const client::Client& client) {
  constexpr std::array<std::pair<uint32_t, char>, 16> kLetters = {{
      {client::kMonitor, 'O'},
      {client::kPubsub, 'P'},
      {client::kMulti, 'x'},
      {client::kBlocked, 'b'},
      {client::kTracking, 't'},
      {client::kTrackingBroken, 'R'},
      {client::kTrackingBcast, 'B'},
      {client::kCasDirty, 'd'},
      {client::kCloseAfterReply, 'c'},
      {client::kUnblocked, 'u'},
      {client::kCloseNow, 'A'},
      {client::kUnixSocket, 'U'},
      {client::kReadonly, 'r'},
      {client::kNoEvict, 'e'},
      {client::kNoTouch, 'T'},
      {client::kDurable, 'D'},
  }};
  std::string letters;
  for (const auto& [flag, letter] : kLetters) {
    if (client.has(flag)) letters.push_back(letter);
  }
  return letters.empty() ? "N" : letters;
}

// What a client holds of the request it is in.
size_t argument_bytes(Services& on, const client::Client& client, const Viewer& viewer) {
  if (client.id == viewer.id) {
    size_t bytes = 0;
    for (const base::ByteView word : viewer.words) bytes += word.size();
    return bytes;
  }
  return on.blocking.has(client.id) ? on.blocking.request_of(client.id).memory_bytes() : 0;
}

class Line {
 public:
  void field(base::ByteView name, base::ByteView value) {
    if (!text_.empty()) text_.push_back(' ');
    text_.append(name).append("=").append(value);
  }
  void number(base::ByteView name, int64_t value) { field(name, std::to_string(value)); }
  void size(base::ByteView name, size_t value) { field(name, std::to_string(value)); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void session_fields(Services& on, client::Client& client, Line& line) {
  const client::Hub& hub = on.hub;
  line.number("db", client.db);
  line.size("sub", hub.count_of(client, client::Topic::kChannel));
  line.size("psub", hub.count_of(client, client::Topic::kPattern));
  line.size("ssub", hub.count_of(client, client::Topic::kShard));
  const bool multi = client.has(client::kMulti);
  line.number("multi", multi ? static_cast<int64_t>(on.transactions.of(client).queue.size()) : -1);
}

// Requests are read into a buffer that all clients share, so that a client holds only what it has not
// finished; replies are one buffer that goes when they have been sent.
void memory_fields(Services& on, const client::Client& client, const Viewer& viewer, Line& line) {
  const size_t arguments = argument_bytes(on, client, viewer);
  const size_t replies = client.outbox.memory_bytes();
  line.size("qbuf", client.query_bytes);
  line.size("qbuf-free", 0);
  line.size("argv-mem", arguments);
  line.size("multi-mem", client.multi_memory_bytes);
  line.size("rbs", replies);
  line.size("rbp", replies);
  line.size("obl", client.outbox.unsent_bytes());
  line.size("oll", 0);
  line.size("omem", replies);
  line.size("tot-mem",
            sizeof(client::Client) + client.query_bytes + arguments + client.multi_memory_bytes + replies);
}

}  // namespace

std::optional<ClientKind> client_kind_of(base::ByteView word) {
  if (same_word(word, "normal")) return ClientKind::kNormal;
  if (same_word(word, "replica") || same_word(word, "slave")) return ClientKind::kReplica;
  if (same_word(word, "master")) return ClientKind::kMaster;
  if (same_word(word, "pubsub")) return ClientKind::kPubsub;
  return std::nullopt;
}

ClientKind kind_of(const client::Client& client) {
  return client.has(client::kPubsub) ? ClientKind::kPubsub : ClientKind::kNormal;
}

std::string client_line(Services& on, client::Client& client, const Viewer& viewer) {
  const int64_t now_ms = viewer.now_ms;
  Line line;
  line.size("id", client.id);
  line.field("addr", client.address);
  line.field("laddr", client.local_address);
  line.number("fd", client.fd);
  line.field("name", client.name);
  line.number("age", (now_ms - client.created_ms) / 1000);
  line.number("idle", (now_ms - client.last_active_ms) / 1000);
  line.field("flags", flag_letters(client));
  session_fields(on, client, line);
  memory_fields(on, client, viewer, line);
  const bool owed = client.id != viewer.id && !client.outbox.empty();
  line.field("events", owed ? "rw" : "r");
  line.field("cmd", client.last_command.empty() ? base::ByteView("NULL") : client.last_command);
  line.field("user", on.users.of(client).name());
  const bool tracks = client.has(client::kTracking);
  line.number("redir", tracks ? static_cast<int64_t>(on.tracking.redirect_of(client)) : -1);
  line.number("resp", static_cast<int64_t>(client.protocol));
  line.field("lib-name", client.library_name);
  line.field("lib-ver", client.library_version);
  return line.take();
}

}  // namespace sluice::exec
