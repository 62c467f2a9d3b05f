// One client as CLIENT LIST and CLIENT INFO show it, and what kind of client it counts as.
// Shared by the subcommands of CLIENT.
// Reads the client and owns nothing; knows no socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "client/client.h"
#include "exec/call.h"

namespace sluice::commands {

enum class ClientKind : uint8_t { kNormal, kReplica, kMaster, kPubsub };

// "normal", "pubsub", "master", "replica" or its older name "slave", in any case.
[[nodiscard]] std::optional<ClientKind> client_kind_of(base::ByteView word);
[[nodiscard]] ClientKind kind_of(const client::Client& client);

// Space-separated name=value pairs with every field that Redis 7.2.4 has, ended by a line feed.
[[nodiscard]] std::string client_line(exec::Call& call, client::Client& client);

}  // namespace sluice::commands
