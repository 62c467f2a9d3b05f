// What several commands do to a client's session: prove who it is, name it, put it back to
// new. Shared by the handshake and CLIENT families. The client belongs to its connection,
// which must not be known here.
#pragma once

#include "base/bytes.h"
#include "exec/call.h"

namespace sluice::commands {

// The Redis version whose behaviour clients get, and which they are told everywhere.
inline constexpr base::ByteView kReportedVersion = "7.2.4";
// Our own.
inline constexpr base::ByteView kSluiceVersion = "0.1.0";

inline constexpr base::ByteView kBadClientName =
    "ERR Client names cannot contain spaces, newlines or special characters.";

// Printable ASCII without spaces, as CLIENT LIST's format demands.
[[nodiscard]] bool name_is_sound(base::ByteView name);

// The user whom these let in, or null: counted, and noted for ACL LOG.
[[nodiscard]] const acl::User* credentials(exec::Call& call, base::ByteView name, base::ByteView password);

// RESET: no transaction, no subscriptions, no monitoring, RESP2, database 0, unnamed, unauthenticated again.
void reset_session(exec::Call& call);

}  // namespace sluice::commands
