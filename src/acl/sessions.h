// What becomes of connections when the user they are logged in as changes or goes: their mark for the gates,
// and who must leave. Functions over the client table, which only marks: the server closes marked clients at
// the end of the turn. Must not know why a user changed.
#pragma once

#include "acl/user.h"
#include "client/client_table.h"
#include "client/hub.h"

namespace sluice::acl {

// The client is logged in as this user.
void set_user(client::Client& client, const User& user);
// The same for everybody who is, after the user's rules changed.
void refresh_clients(const client::ClientTable& clients, const User& user);

// Everybody who was logged in as this user goes, and is nobody until then. Whoever asked for it, `asking`,
// still gets the answer.
void drop_clients(client::ClientTable& clients, const User& gone, const User& default_user,
                  client::ClientId asking);

// Whoever listens, as `user`, to what it may no longer listen to.
void drop_listeners(client::ClientTable& clients, const client::Hub& hub, const User& user,
                    client::ClientId asking);

}  // namespace sluice::acl
