#include "acl/sessions.h"

namespace sluice::acl {

namespace {

using client::Topic;

void close(client::ClientTable& clients, client::Client& client, client::ClientId asking) {
  client.set(client.id == asking ? client::kCloseAfterReply : client::kCloseNow);
  clients.needs_attention(client);
}

bool listens_to_forbidden(const client::Hub& hub, const User& user, const client::Client& client) {
  for (const Topic topic : {Topic::kPattern, Topic::kChannel, Topic::kShard}) {
    for (const base::Bytes& name : hub.topics_of(client, topic)) {
      if (!user.may_use_channel(name, topic == Topic::kPattern)) return true;
    }
  }
  return false;
}

}  // namespace

void set_user(client::Client& client, const User& user) {
  client.user = user.id();
  if (user.unrestricted()) {
    client.unset(client::kRestricted);
  } else {
    client.set(client::kRestricted);
  }
}

void refresh_clients(const client::ClientTable& clients, const User& user) {
  clients.for_each([&](client::Client& client) {
    if (client.user == user.id()) set_user(client, user);
  });
}

void drop_clients(client::ClientTable& clients, const User& gone, const User& default_user,
                  client::ClientId asking) {
  clients.for_each([&](client::Client& client) {
    if (client.user != gone.id()) return;
    set_user(client, default_user);
    client.authenticated = false;
    close(clients, client, asking);
  });
}

void drop_listeners(client::ClientTable& clients, const client::Hub& hub, const User& user,
                    client::ClientId asking) {
  clients.for_each([&](client::Client& client) {
    if (client.user != user.id() || !client.has(client::kPubsub) || client.has(client::kCloseNow)) return;
    if (listens_to_forbidden(hub, user, client)) close(clients, client, asking);
  });
}

}  // namespace sluice::acl
