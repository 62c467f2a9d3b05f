// One client as CLIENT LIST, CLIENT INFO and ACL LOG show it, and what kind of client it counts as. Reads the
// client and what the services know of it, and owns nothing; knows no socket. It stands this low because a
// refusal is noted with the line of whom it met, wherever the request came from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "client/client.h"
#include "exec/services.h"

namespace sluice::exec {

enum class ClientKind : uint8_t { kNormal, kReplica, kMaster, kPubsub };

// "normal", "pubsub", "master", "replica" or its older name "slave", in any case.
[[nodiscard]] std::optional<ClientKind> client_kind_of(base::ByteView word);
[[nodiscard]] ClientKind kind_of(const client::Client& client);

// Who has the line made, with what request, and when.
struct Viewer {
  client::ClientId id;
  std::span<const base::ByteView> words;
  int64_t now_ms;  // unix
};

// Space-separated name=value pairs with every field that Redis 7.2.4 has; no line feed.
[[nodiscard]] std::string client_line(Services& on, client::Client& client, const Viewer& viewer);

}  // namespace sluice::exec
