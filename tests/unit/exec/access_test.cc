#include "exec/access.h"

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::exec {

namespace {

using acl::Reason;
using test::Harness;
using test::Peer;

struct Guarded {
  Harness h;

  const acl::User& user(const std::vector<base::ByteView>& rules) {
    REQUIRE(h.users.set_user("u", rules, 0).ok());
    return *h.users.find("u");
  }
  acl::Verdict check(const acl::User& user, const std::vector<base::ByteView>& words) {
    return h.executor.access().check(user, *h.table.find_full(words[0]), words);
  }
  // A connection of the user.
  Peer& peer() {
    Peer& peer = h.client();
    h.users.log_in(peer.client, *h.users.find("u"));
    return peer;
  }
};

}  // namespace

TEST_CASE("AccessCheck: keys are found where the rows say, with what is done to them") {
  Guarded g;
  const acl::User& user = g.user({"+@all", "%R~r*", "%W~w*", "~a*"});
  const auto denied = [&](const std::vector<base::ByteView>& words) {
    const acl::Verdict verdict = g.check(user, words);
    CHECK((verdict.allowed() || verdict.denied == Reason::kKey));
    return verdict.allowed() ? size_t{0} : verdict.word;
  };
  CHECK(denied({"get", "r"}) == 0);
  CHECK(denied({"get", "w"}) == 1);
  CHECK(denied({"set", "w", "x"}) == 0);
  CHECK(denied({"set", "w", "x", "GET"}) == 1);
  CHECK(denied({"copy", "r", "w"}) == 0);
  CHECK(denied({"copy", "w", "r"}) == 1);
  CHECK(denied({"lmove", "a", "r", "LEFT", "LEFT"}) == 2);
  CHECK(denied({"mset", "a", "1", "w", "2", "r", "3"}) == 5);
  CHECK(denied({"eval", "x", "2", "a1", "r1", "r2"}) == 4);
  CHECK(denied({"eval_ro", "x", "1", "r1", "x"}) == 0);
  CHECK(denied({"xread", "STREAMS", "r1", "w1", "0", "0"}) == 3);
  CHECK(denied({"blpop", "a", "other", "0"}) == 2);
  CHECK(denied({"strlen", "w"}) == 0);
  CHECK(denied({"strlen", "x"}) == 1);
  CHECK(denied({"ping"}) == 0);
}

TEST_CASE("AccessCheck: channels are found for those who publish and subscribe, not for those who leave") {
  Guarded g;
  const acl::User& user = g.user({"+@all", "&c*", "&p?"});
  const auto denied = [&](const std::vector<base::ByteView>& words) {
    const acl::Verdict verdict = g.check(user, words);
    CHECK((verdict.allowed() || verdict.denied == Reason::kChannel));
    return verdict.allowed() ? size_t{0} : verdict.word;
  };
  for (const char* publish : {"publish", "spublish"}) {
    CHECK(denied({publish, "c", "x"}) == 0);
    CHECK(denied({publish, "x", "c"}) == 1);
  }
  for (const char* subscribe : {"subscribe", "ssubscribe"}) {
    CHECK(denied({subscribe, "c", "c2", "p1"}) == 0);
    CHECK(denied({subscribe, "c", "x"}) == 2);
  }
  CHECK(denied({"psubscribe", "p?"}) == 0);
  CHECK(denied({"psubscribe", "p?", "p1"}) == 2);
  CHECK(denied({"unsubscribe", "x"}) == 0);
  CHECK(denied({"punsubscribe", "x"}) == 0);
  CHECK(denied({"sunsubscribe", "x"}) == 0);
}

TEST_CASE("AccessCheck: of a request with too few words only the command is looked at") {
  Guarded g;
  const acl::User& user = g.user({"+get", "+publish", "+eval", "~a"});
  CHECK(g.check(user, {"get"}).allowed());
  CHECK(g.check(user, {"publish"}).allowed());
  CHECK(g.check(user, {"set"}).denied == Reason::kCommand);
  CHECK(g.check(user, {"eval", "x", "5", "k"}).allowed());  // which EVAL itself refuses
}

TEST_CASE("AccessCheck: AUTH and its kin need no permission") {
  Guarded g;
  const acl::User& user = g.user({"-@all"});
  for (const char* name : {"auth", "hello", "quit", "reset"}) CHECK(g.check(user, {name, "x"}).allowed());
  CHECK(g.check(user, {"ping"}).denied == Reason::kCommand);
}

TEST_CASE("AccessCheck: what is refused is counted by its kind, and noted with user, object and connection") {
  Guarded g;
  g.user({"on", "+get", "+publish", "~a"});
  Peer& peer = g.peer();
  peer.client.name = "worker-7";
  CHECK(peer.text("SET", "a", "x") == "-NOPERM User u has no permissions to run the 'set' command");
  CHECK(peer.text("GET", "b") == "-NOPERM No permissions to access a key");
  CHECK(peer.text("PUBLISH", "c", "x") == "-NOPERM No permissions to access a channel");
  CHECK(peer.text("GET", "a") == "nil");
  CHECK(g.h.stats.denied_commands == 1);
  CHECK(g.h.stats.denied_keys == 1);
  CHECK(g.h.stats.denied_channels == 1);
  std::string objects;
  for (const auto& entry : g.h.users.denials().entries()) {
    objects += entry.denial.object + " ";
    CHECK(entry.denial.user == "u");
    CHECK(entry.denial.client.find(" name=worker-7 ") != std::string::npos);
    CHECK(entry.denial.client.find(" user=u ") != std::string::npos);
  }
  CHECK(objects == "c b set ");
}

TEST_CASE("AccessCheck: a login that fails is counted and noted under the name that was tried") {
  Guarded g;
  g.h.run("AUTH", "nobody", "x");
  CHECK(g.h.stats.auth_failures == 1);
  const acl::Denial& denial = g.h.users.denials().entries().front().denial;
  CHECK(denial.reason == Reason::kAuth);
  CHECK(denial.user == "nobody");
  CHECK(denial.object == "AUTH");
}

TEST_CASE("AccessCheck: keys beside the arguments may be read by who may read any key with that command") {
  Guarded g;
  const std::vector<base::ByteView> words = {"get", "a"};
  const auto may = [&](const std::vector<base::ByteView>& rules) {
    g.user(rules);
    return g.h.executor.access().may_read_every_key({g.peer().client, *g.h.table.find("get"), words});
  };
  CHECK_FALSE(may({"+get", "~a"}));
  CHECK(may({"%R~*"}));
  CHECK_FALSE(may({"-get"}));
  CHECK(g.h.executor.access().may_read_every_key({g.h.first().client, *g.h.table.find("get"), words}));
}

TEST_CASE("AccessCheck: the operator is told which key it was, the client is not") {
  Guarded g;
  const acl::User& user = g.user({"+get"});
  const std::vector<base::ByteView> words = {"get", "secret"};
  const Asked asked{g.peer().client, *g.h.table.find("get"), words};
  const acl::Verdict verdict = g.check(user, words);
  CHECK(g.h.executor.access().text_of(verdict, asked) == "No permissions to access a key");
  CHECK(g.h.executor.access().full_text_of(verdict, user, asked) ==
        "User u has no permissions to access the 'secret' key");
  CHECK(g.h.executor.access().full_text_of({Reason::kChannel, 1}, user, asked) ==
        "User u has no permissions to access the 'secret' channel");
  CHECK(g.h.executor.access().full_text_of({Reason::kCommand, 0}, user, asked) ==
        "User u has no permissions to run the 'get' command");
}

}  // namespace sluice::exec
