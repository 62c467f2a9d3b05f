#include "acl/sessions.h"

#include <doctest/doctest.h>

#include "few_names.h"

namespace sluice::acl {

namespace {

User with(UserId id, const std::vector<base::ByteView>& rules) {
  User user(id, "u", few_names());
  for (const base::ByteView rule : rules) static_cast<void>(user.apply(rule, few_names()));
  return user;
}

struct Crowd {
  client::ClientTable clients;
  client::Hub hub{clients};
  client::Client first{1};
  client::Client second{2};

  Crowd() {
    clients.add(first);
    clients.add(second);
  }
};

}  // namespace

TEST_CASE("Sessions: whoever may not do everything is marked for the gates, and unmarked again") {
  Crowd crowd;
  set_user(crowd.first, with(3, {"+get"}));
  CHECK(crowd.first.user == 3);
  CHECK(crowd.first.has(client::kRestricted));
  refresh_clients(crowd.clients, with(3, {"+@all", "~*", "&*"}));
  CHECK_FALSE(crowd.first.has(client::kRestricted));
  refresh_clients(crowd.clients, with(0, {}));
  CHECK(crowd.second.has(client::kRestricted));
  CHECK_FALSE(crowd.first.has(client::kRestricted));
}

TEST_CASE("Sessions: a user that goes takes its connections along, the asking one after its answer") {
  Crowd crowd;
  const User gone = with(3, {"+@all"});
  set_user(crowd.first, gone);
  set_user(crowd.second, gone);
  drop_clients(crowd.clients, gone, with(0, {"+@all", "~*", "&*"}), 2);
  CHECK(crowd.first.has(client::kCloseNow));
  CHECK_FALSE(crowd.second.has(client::kCloseNow));
  CHECK(crowd.second.has(client::kCloseAfterReply));
  CHECK(crowd.first.user == kDefaultUser);
  CHECK_FALSE(crowd.first.authenticated);
  CHECK(crowd.clients.take_attention().size() == 2);
}

TEST_CASE("Sessions: who listens to what is no longer allowed must go, others stay") {
  for (const client::Topic topic :
       {client::Topic::kChannel, client::Topic::kPattern, client::Topic::kShard}) {
    Crowd crowd;
    const User before = with(3, {"&*"});
    set_user(crowd.first, before);
    set_user(crowd.second, before);
    crowd.hub.subscribe(crowd.first, topic, "a*");
    crowd.hub.subscribe(crowd.second, topic, "b*");
    drop_listeners(crowd.clients, crowd.hub, with(3, {"&a*"}), 9);
    CHECK_FALSE(crowd.first.has(client::kCloseNow));
    CHECK(crowd.second.has(client::kCloseNow));
  }
}

TEST_CASE("Sessions: a pattern is allowed only as it is written") {
  Crowd crowd;
  set_user(crowd.first, with(3, {"&*"}));
  crowd.hub.subscribe(crowd.first, client::Topic::kPattern, "abc");
  drop_listeners(crowd.clients, crowd.hub, with(3, {"&a*"}), 9);
  CHECK(crowd.first.has(client::kCloseNow));
}

}  // namespace sluice::acl
