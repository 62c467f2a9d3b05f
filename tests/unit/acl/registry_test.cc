#include "acl/registry.h"

#include <cerrno>

#include <doctest/doctest.h>

#include "few_names.h"
#include "support/memory_fs.h"

namespace sluice::acl {

namespace {

struct Users {
  testing::MemoryFs fs;
  client::ClientTable clients;
  client::Hub hub{clients};
  Registry registry{kFewNames, clients, hub, fs};

  std::string set(base::ByteView name, const std::vector<base::ByteView>& rules) {
    const auto done = registry.set_user(name, rules, 0);
    return done.ok() ? "OK" : done.error().message;
  }
  std::string configure(const std::vector<base::Bytes>& words) {
    const auto done = registry.configure(words);
    return done.ok() ? "OK" : done.error().message;
  }
  std::string load(base::ByteView text) {
    fs.put("users.acl", text);
    const auto done = registry.load_file("users.acl", 0);
    return done.ok() ? "OK" : done.error().message;
  }
  std::string all() const {
    std::string text;
    registry.for_each([&](const User& user) { text += line_of(user) + "\n"; });
    return text;
  }
};

const std::string kDefaultLine = "user default on nopass sanitize-payload ~* &* +@all\n";
const std::string kUnchanged =
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed";

}  // namespace

TEST_CASE("Registry: in the beginning there is the default user, who may do everything") {
  Users users;
  CHECK(users.all() == kDefaultLine);
  CHECK(users.registry.open());
  CHECK(users.registry.default_user().unrestricted());
  CHECK_FALSE(users.registry.default_user_was_changed());
}

TEST_CASE("Registry: requirepass is the default user's one password, and says nothing when said again") {
  Users users;
  users.registry.set_default_password("a");
  CHECK_FALSE(users.registry.open());
  CHECK(users.registry.credentials("default", "a") != nullptr);
  CHECK(users.registry.credentials("default", "b") == nullptr);
  CHECK_FALSE(users.registry.default_user_was_changed());
  users.set("default", {">b"});
  CHECK(users.registry.default_user_was_changed());
  users.registry.set_default_password("a");
  CHECK(users.registry.credentials("default", "b") != nullptr);
  users.registry.set_default_password("");
  CHECK(users.registry.open());
}

TEST_CASE("Registry: rules are taken all or none, and say which one was wrong") {
  Users users;
  CHECK(users.set("u", {"on", "+get", "~a"}) == "OK");
  CHECK(users.set("u", {"+set", "garbage", "off"}) ==
        "ERR Error in ACL SETUSER modifier 'garbage': Syntax error");
  CHECK(users.all() == kDefaultLine + "user u on sanitize-payload ~a resetchannels -@all +get\n");
  CHECK(users.set("v", {"+nosuch"}) ==
        "ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL");
  CHECK(users.registry.find("v") == nullptr);
  CHECK(users.set("v", {"on", "(~a", "+get"}) ==
        "ERR Unmatched parenthesis in acl selector starting at '(~a'.");
  CHECK(users.set("u", {}) == "OK");
}

TEST_CASE("Registry: a user that comes back under its name is another one") {
  Users users;
  users.set("u", {});
  const UserId before = users.registry.find("u")->id();
  CHECK(users.registry.remove("u", 0));
  CHECK_FALSE(users.registry.remove("u", 0));
  users.set("u", {});
  CHECK(users.registry.find("u")->id() != before);
}

TEST_CASE("Registry: connections know whom they belong to, and are told when that changes") {
  Users users;
  client::Client client(5);
  users.clients.add(client);
  users.set("u", {"on", ">pw", "+@all"});
  users.registry.log_out(client);
  CHECK(client.authenticated);
  CHECK_FALSE(client.has(client::kRestricted));
  users.registry.log_in(client, *users.registry.credentials("u", "pw"));
  CHECK(users.registry.of(client).name() == "u");
  CHECK(client.has(client::kRestricted));
  users.set("u", {"~*", "&*"});
  CHECK_FALSE(client.has(client::kRestricted));
  users.registry.set_default_password("x");
  users.registry.log_out(client);
  CHECK_FALSE(client.authenticated);
  CHECK(users.registry.of(client).name() == "default");
}

TEST_CASE("Registry: credentials of nobody, of who is off, and of the wrong case let nobody in") {
  Users users;
  users.set("u", {">pw"});
  CHECK(users.registry.credentials("u", "pw") == nullptr);
  users.set("u", {"on"});
  CHECK(users.registry.credentials("u", "pw") != nullptr);
  CHECK(users.registry.credentials("U", "pw") == nullptr);
  CHECK(users.registry.credentials("nosuch", "pw") == nullptr);
}

TEST_CASE(
    "Registry: a line of the configuration makes a user from nothing, the default one too, and only once") {
  Users users;
  users.registry.set_default_password("a");
  CHECK(users.configure({"default", "on", ">b", "~*", "+get"}) == "OK");
  CHECK(users.registry.credentials("default", "a") == nullptr);
  CHECK(users.registry.credentials("default", "b") != nullptr);
  CHECK(users.configure({"u", "on", "(~a", "+get)"}) == "OK");
  CHECK(users.registry.find("u")->selectors().size() == 2);
  CHECK(users.configure({"u"}) == "Duplicate user found. A user can only be defined once in config files");
  CHECK(users.configure({"a b"}) == "Spaces not allowed in ACL usernames");
  CHECK(users.configure({"w", "(~a"}) == "Unmatched parenthesis in acl selector starting at '(~a'.");
  CHECK(users.configure({"w", ">x", "+nosuch"}) ==
        "Error loading ACL rule '+nosuch' for the user named 'w': Unknown command or category name in ACL");
}

TEST_CASE("Registry: a file replaces all users; the default one is as new where it has none") {
  Users users;
  users.set("gone", {"on"});
  users.set("default", {">x", "-get"});
  client::Client client(5);
  users.clients.add(client);
  users.registry.log_in(client, *users.registry.find("gone"));
  CHECK(users.load("\nuser a on  nopass ~*\t\r\n   \nuser b off (~x +get) +set\n") == "OK");
  CHECK(users.all() ==
        "user a on nopass sanitize-payload ~* resetchannels -@all\n"
        "user b off sanitize-payload resetchannels -@all +set (~x resetchannels -@all +get)\n" +
            kDefaultLine);
  CHECK(client.has(client::kCloseNow));
  CHECK(users.registry.of(client).name() == "default");
  CHECK(users.load("user default on >y +@all ~* &*") == "OK");
  CHECK_FALSE(users.registry.open());
  CHECK(users.registry.size() == 1);
}

TEST_CASE("Registry: a file with faults changes nothing, and each fault is told with its line") {
  Users users;
  users.set("u", {"on"});
  const std::string before = users.all();
  CHECK(
      users.load(
          "user a on\nusr b\nuser\nuser a off\nuser c +nosuch >p +nosuch2 ~a* garbage more\nuser d (a b\n") ==
      "users.acl:2 should start with user keyword followed by the username. "
      "users.acl:3 should start with user keyword followed by the username. "
      "WARNING: Duplicate user 'a' found on line 4. "
      "users.acl:5: Error in applying operation '+nosuch': Unknown command or category name in ACL. "
      "users.acl:5: Error in applying operation '+nosuch2': Unknown command or category name in ACL. "
      "users.acl:5: Syntax error. "
      "users.acl:6: Unmatched parenthesis in selector definition." +
          kUnchanged);
  CHECK(users.load("user a\tb on") ==
        "'users.acl:1: username 'a\tb' contains invalid characters. " + kUnchanged);
  CHECK(users.all() == before);
  const auto absent = users.registry.load_file("nosuch.acl", 0);
  CHECK(absent.error().message == "Error loading ACLs, opening file 'nosuch.acl': No such file or directory");
}

TEST_CASE("Registry: what is saved is what is loaded, and a full disk leaves the old file") {
  Users users;
  users.set("u", {"on", ">pw", "~a", "%R~b", "&c", "+@all", "-get", "(+get ~x)"});
  const std::string before = users.all();
  REQUIRE(users.registry.save_file("users.acl").ok());
  users.registry.remove("u", 0);
  CHECK(users.registry.load_file("users.acl", 0).ok());
  CHECK(users.all() == before);
  users.fs.fail_next(testing::DiskCall::kWrite, ENOSPC);
  users.set("u", {"off"});
  CHECK_FALSE(users.registry.save_file("users.acl").ok());
  CHECK(users.fs.content("users.acl") == before);
}

TEST_CASE("Registry: acl-pubsub-default counts for new users") {
  Users users;
  users.registry.set_all_channels_by_default(true);
  users.set("u", {"(+get)"});
  CHECK(users.registry.find("u")->text() == "off sanitize-payload &* -@all (&* -@all +get)");
  users.registry.set_all_channels_by_default(false);
  users.set("u", {"reset"});
  CHECK(users.registry.find("u")->text() == "off sanitize-payload resetchannels -@all");
}

TEST_CASE("Registry: who listens is dropped when a file or a rule takes the channel away") {
  Users users;
  client::Client client(5);
  users.clients.add(client);
  users.registry.log_out(client);
  users.hub.subscribe(client, client::Topic::kChannel, "c");
  CHECK(users.set("default", {"resetchannels", "&c*"}) == "OK");
  CHECK_FALSE(client.has(client::kCloseNow));
  CHECK(users.load("user default on nopass +@all ~* &d") == "OK");
  CHECK(client.has(client::kCloseNow));
}

TEST_CASE("Registry: refusals are kept as many as there is room for") {
  Users users;
  users.registry.set_max_denials(2);
  for (const char* object : {"a", "b", "c"}) {
    users.registry.note_denial({Reason::kKey, Context::kTopLevel, object, "u", ""}, 1000);
  }
  CHECK(users.registry.denials().entries().size() == 2);
}

}  // namespace sluice::acl
