#include "commands/acl_users.h"

#include <doctest/doctest.h>

#include "support/harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr const char* kPasswordDigest =
    "30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";  // of "pw"

Peer& peer_of(Harness& h, const std::string& user) {
  Peer& peer = h.client();
  REQUIRE(peer.run("AUTH", user, "pw") == status("OK"));
  return peer;
}

}  // namespace

TEST_CASE("ACL SETUSER: makes a user who may do nothing, and changes one") {
  Harness h;
  CHECK(h.run("ACL", "SETUSER", "u") == status("OK"));
  CHECK(h.run("ACL", "SETUSER", "u", "on", ">pw", "~a", "+get") == status("OK"));
  CHECK(h.run("ACL", "LIST") == bulks({"user default on nopass sanitize-payload ~* &* +@all",
                                       std::string("user u on sanitize-payload #") + kPasswordDigest +
                                           " ~a resetchannels -@all +get"}));
  CHECK(h.run("ACL", "USERS") == bulks({"default", "u"}));
  CHECK(h.run("ACL", "SETUSER").is_error());
}

TEST_CASE("ACL SETUSER: faults are told, and nothing changes") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on");
  const auto refused = [&](const std::string& rule) {
    return h.run("ACL", "SETUSER", "u", "off", rule).text;
  };
  CHECK(refused("+nosuch") ==
        "ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL");
  CHECK(refused("garbage") == "ERR Error in ACL SETUSER modifier 'garbage': Syntax error");
  CHECK(refused("#x").find("The password hash must be exactly 64 characters") != std::string::npos);
  CHECK(refused("<x").find("does not exist") != std::string::npos);
  CHECK(refused("(+get") == "ERR Unmatched parenthesis in acl selector starting at '(+get'.");
  CHECK(h.run("ACL", "SETUSER", "a b") == error("ERR Usernames can't contain spaces or null characters"));
  CHECK(h.run("ACL", "SETUSER", std::string("a\0b", 3)) ==
        error("ERR Usernames can't contain spaces or null characters"));
  CHECK(h.run("ACL", "LIST").children[1].text == "user u on sanitize-payload resetchannels -@all");
}

TEST_CASE("ACL SETUSER: a name of any other bytes is a name") {
  Harness h;
  const std::string name = "\xff\x01|*";
  CHECK(h.run("ACL", "SETUSER", name, "on", ">pw", "+acl|whoami") == status("OK"));
  CHECK(peer_of(h, name).run("ACL", "WHOAMI") == bulk(name));
}

TEST_CASE("ACL SETUSER: counts at once for who is connected, the one who asks included") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all", "~*");
  Peer& peer = peer_of(h, "u");
  CHECK(peer.run("SET", "k", "1") == status("OK"));
  CHECK(peer.run("ACL", "SETUSER", "u", "-set") == status("OK"));
  CHECK(peer.run("SET", "k", "1").is_error());
  CHECK(h.run("ACL", "SETUSER", "default", "-get") == status("OK"));
  CHECK(h.run("GET", "k").is_error());
  CHECK(h.run("STRLEN", "k") == integer(1));
  CHECK(h.run("ACL", "SETUSER", "default", "+get") == status("OK"));
  CHECK(h.run("GET", "k") == bulk("1"));
}

TEST_CASE("ACL SETUSER: who was switched off stays, and cannot come again") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+ping");
  Peer& peer = peer_of(h, "u");
  h.run("ACL", "SETUSER", "u", "off");
  CHECK(peer.run("PING") == status("PONG"));
  CHECK(h.client().run("AUTH", "u", "pw") ==
        error("WRONGPASS invalid username-password pair or user is disabled."));
}

TEST_CASE("ACL SETUSER: whoever listens to a channel that was taken away is closed") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all", "&*");
  Peer& stays = peer_of(h, "u");
  Peer& goes = peer_of(h, "u");
  stays.send("SUBSCRIBE", "c1");
  goes.send("PSUBSCRIBE", "c*");
  h.run("ACL", "SETUSER", "u", "resetchannels", "&c1");
  CHECK_FALSE(stays.client.has(client::kCloseNow));
  CHECK(goes.client.has(client::kCloseNow));
}

TEST_CASE("ACL GETUSER: flags, passwords, and each selector") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "~a", "%R~b", "&c", "+get", "(+@read ~x)");
  CHECK(h.text("ACL", "GETUSER", "u") ==
        std::string("[\"flags\", [\"on\", \"sanitize-payload\"], \"passwords\", [\"") + kPasswordDigest +
            "\"], \"commands\", \"-@all +get\", \"keys\", \"~a %R~b\", \"channels\", \"&c\", \"selectors\", "
            "[[\"commands\", \"-@all +@read\", \"keys\", \"~x\", \"channels\", \"\"]]]");
  CHECK(h.run("ACL", "GETUSER", "nosuch") == null());
  h.first().resp3();
  CHECK(h.run("ACL", "GETUSER", "u").kind == resp::Kind::kMap);
  CHECK(h.run("ACL", "GETUSER", "u").children[1].kind == resp::Kind::kSet);
  CHECK(h.run("ACL", "GETUSER", "nosuch") == null());
}

TEST_CASE("ACL DELUSER: removes users with their connections; the default user stays") {
  Harness h;
  for (const char* name : {"u", "v"}) h.run("ACL", "SETUSER", name, "on", ">pw", "+@all");
  Peer& gone = peer_of(h, "u");
  Peer& asking = peer_of(h, "v");
  CHECK(h.run("ACL", "DELUSER", "u", "default") == error("ERR The 'default' user cannot be removed"));
  CHECK(asking.run("ACL", "DELUSER", "u", "nosuch", "v") == integer(2));
  CHECK(gone.client.has(client::kCloseNow));
  CHECK(asking.client.has(client::kCloseAfterReply));
  CHECK(h.run("ACL", "USERS") == bulks({"default"}));
  CHECK(h.run("ACL", "DELUSER", "u") == integer(0));
}

TEST_CASE("ACL DELUSER: a waiting command of a user that went takes nothing") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all", "~*");
  Peer& worker = peer_of(h, "u");
  worker.send("BLPOP", "q", "0");
  h.run("ACL", "DELUSER", "u");
  h.run("RPUSH", "q", "job");
  CHECK(h.run("LLEN", "q") == integer(1));
}

TEST_CASE("ACL WHOAMI: the user of this connection, from AUTH, HELLO and RESET") {
  Harness h;
  CHECK(h.run("ACL", "WHOAMI") == bulk("default"));
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all");
  Peer& peer = peer_of(h, "u");
  CHECK(peer.run("ACL", "WHOAMI") == bulk("u"));
  peer.run("RESET");
  CHECK(peer.run("ACL", "WHOAMI") == bulk("default"));
  CHECK_FALSE(peer.run("HELLO", "3", "AUTH", "u", "pw").is_error());
  CHECK(peer.run("ACL", "WHOAMI") == bulk("u"));
}

TEST_CASE("ACL SAVE, ACL LOAD: need an aclfile") {
  Harness h;
  for (const char* what : {"SAVE", "LOAD"}) {
    CHECK(h.run("ACL", what).text.find("ERR This Redis instance is not configured to use an ACL file.") == 0);
  }
}

TEST_CASE("ACL SAVE, ACL LOAD: the users as they were, or as they are when the file has faults") {
  Harness h;
  const std::vector<base::Bytes> path = {"users.acl"};
  REQUIRE(h.config.load("aclfile", path).ok());
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+get");
  const resp::Value before = h.run("ACL", "LIST");
  CHECK(h.run("ACL", "SAVE") == status("OK"));
  h.run("ACL", "DELUSER", "u");
  CHECK(h.run("ACL", "LOAD") == status("OK"));
  CHECK(h.run("ACL", "LIST") == before);
  h.fs.put("users.acl", "user x +nosuch\n");
  CHECK(h.run("ACL", "LOAD").text.find("ERR users.acl:1: Error in applying operation '+nosuch': ") == 0);
  CHECK(h.run("ACL", "LIST") == before);
  h.fs.fail_next(testing::DiskCall::kOpen, EACCES);
  CHECK(h.run("ACL", "SAVE") ==
        error("ERR There was an error trying to save the ACLs. Please check the server logs for more "
              "information"));
}

TEST_CASE("ACL LOAD: closes the connections of users, who may not be the same any more") {
  Harness h;
  const std::vector<base::Bytes> path = {"users.acl"};
  REQUIRE(h.config.load("aclfile", path).ok());
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all");
  h.run("ACL", "SAVE");
  Peer& peer = peer_of(h, "u");
  CHECK(h.run("ACL", "LOAD") == status("OK"));
  CHECK(peer.client.has(client::kCloseNow));
  CHECK(h.run("PING") == status("PONG"));
}
