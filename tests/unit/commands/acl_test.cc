#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {

Peer& peer_of(Harness& h, const std::string& user) {
  Peer& peer = h.client();
  REQUIRE(peer.run("AUTH", user, "pw") == status("OK"));
  return peer;
}

std::string field(const resp::Value& entry, const std::string& name) {
  for (size_t i = 0; i + 1 < entry.children.size(); i += 2) {
    if (entry.children[i].text != name) continue;
    const resp::Value& value = entry.children[i + 1];
    return value.kind == resp::Kind::kInteger ? std::to_string(value.integer) : value.text;
  }
  return "(none)";
}

}  // namespace

TEST_CASE("ACL CAT: the categories, and the commands of one, subcommands by themselves") {
  Harness h;
  CHECK(h.run("ACL", "CAT").children.size() == 21);
  CHECK(h.run("ACL", "CAT").children[0] == bulk("keyspace"));
  std::set<std::string> names;
  for (const resp::Value& name : h.run("ACL", "CAT", "Transaction").children) names.insert(name.text);
  CHECK(names == std::set<std::string>{"multi", "exec", "discard", "watch", "unwatch"});
  names.clear();
  for (const resp::Value& name : h.run("ACL", "CAT", "admin").children) names.insert(name.text);
  CHECK(names.count("acl|setuser") == 1);
  CHECK(names.count("acl") == 0);
  CHECK(h.run("ACL", "CAT", "nosuch") == error("ERR Unknown category 'nosuch'"));
  CHECK(h.run("ACL", "CAT", std::string(200, 'x')) ==
        error("ERR Unknown category '" + std::string(128, 'x') + "'"));
  CHECK(h.run("ACL", "CAT", "read", "x") ==
        error("ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP."));
}

TEST_CASE("ACL GENPASS: as many digits as bits need, each time others") {
  Harness h;
  CHECK(h.run("ACL", "GENPASS").text.size() == 64);
  CHECK(h.run("ACL", "GENPASS", "5").text.size() == 2);
  CHECK(h.run("ACL", "GENPASS", "4096").text.size() == 1024);
  CHECK_FALSE(h.run("ACL", "GENPASS") == h.run("ACL", "GENPASS"));
  for (const char* bits : {"0", "-1", "4097"}) {
    CHECK(
        h.run("ACL", "GENPASS", bits) ==
        error(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number "
            "up to 4096"));
  }
  CHECK(h.run("ACL", "GENPASS", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("ACL", "GENPASS", "1", "2").is_error());
}

TEST_CASE("ACL DRYRUN: tells what would be refused, and runs nothing") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "+get", "+config|get", "+publish", "~a");
  CHECK(h.run("ACL", "DRYRUN", "u", "GET", "a") == status("OK"));
  CHECK(h.run("ACL", "DRYRUN", "u", "GET", "b") == bulk("User u has no permissions to access the 'b' key"));
  CHECK(h.run("ACL", "DRYRUN", "u", "SET", "a", "1") ==
        bulk("User u has no permissions to run the 'set' command"));
  CHECK(h.run("ACL", "DRYRUN", "u", "CONFIG", "GET", "x") == status("OK"));
  CHECK(h.run("ACL", "DRYRUN", "u", "CONFIG", "SET", "x", "y") ==
        bulk("User u has no permissions to run the 'config|set' command"));
  CHECK(h.run("ACL", "DRYRUN", "u", "PUBLISH", "c", "x") ==
        bulk("User u has no permissions to access the 'c' channel"));
  CHECK(h.run("ACL", "DRYRUN", "default", "SET", "a", "1") == status("OK"));
  CHECK(h.run("EXISTS", "a") == integer(0));
  CHECK(h.run("ACL", "DRYRUN", "v", "GET", "a") == error("ERR User 'v' not found"));
  CHECK(h.run("ACL", "DRYRUN", "u", "NOSUCH") == error("ERR Command 'NOSUCH' not found"));
  CHECK(h.run("ACL", "DRYRUN", "u", "CONFIG", "NOSUCH") == error("ERR Command 'CONFIG' not found"));
  CHECK(h.run("ACL", "DRYRUN", "u", "GET") == error("ERR wrong number of arguments for 'get' command"));
  CHECK(h.run("ACL", "DRYRUN", "u").is_error());
  CHECK(h.users.denials().entries().empty());
}

TEST_CASE("ACL LOG: what was refused, newest first, with when and to whom") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+get", "+eval", "+multi", "+exec", "~a");
  Peer& peer = peer_of(h, "u");
  peer.run("SET", "a", "1");
  h.advance(std::chrono::milliseconds(1500));
  peer.run("SET", "a", "1");
  peer.run("EVAL", "return redis.pcall('GET','b')", "0");
  peer.run("MULTI");
  peer.run("GET", "b");
  CHECK(peer.run("EXEC").is_error());
  peer.run("AUTH", "u", "wrong");
  const resp::Value log = h.run("ACL", "LOG");
  REQUIRE(log.children.size() == 4);
  CHECK(log.children[0].children.size() == 20);
  CHECK(field(log.children[0], "reason") == "auth");
  CHECK(field(log.children[0], "username") == "u");
  CHECK(field(log.children[1], "context") == "multi");
  CHECK(field(log.children[1], "object") == "b");
  CHECK(field(log.children[2], "context") == "lua");
  CHECK(field(log.children[3], "count") == "2");
  CHECK(field(log.children[3], "reason") == "command");
  CHECK(field(log.children[3], "object") == "set");
  CHECK(field(log.children[3], "entry-id") == "0");
  h.advance(std::chrono::milliseconds(250));
  CHECK(field(h.run("ACL", "LOG").children[3], "age-seconds") == "0.25");
  CHECK(h.run("ACL", "LOG", "1").children.size() == 1);
  CHECK(h.run("ACL", "LOG", "0").children.empty());
  CHECK(h.run("ACL", "LOG", "-5").children.empty());
  CHECK(h.run("ACL", "LOG", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("ACL", "LOG", "1", "2").is_error());
  CHECK(h.run("ACL", "LOG", "Reset") == status("OK"));
  CHECK(h.run("ACL", "LOG").children.empty());
}

TEST_CASE("ACL LOG: acllog-max-len bounds it") {
  Harness h;
  h.configure("acllog-max-len", "2");
  for (const char* name : {"a", "b", "c"}) h.run("AUTH", name, "x");
  CHECK(h.run("ACL", "LOG").children.size() == 2);
}

TEST_CASE("ACL: a command that waits is looked at again when it runs") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all", "~q");
  Peer& worker = peer_of(h, "u");
  worker.send("BLPOP", "q", "0");
  h.run("ACL", "SETUSER", "u", "resetkeys");
  h.run("RPUSH", "q", "job");
  CHECK(worker.reply() == error("NOPERM No permissions to access a key"));
  CHECK(h.run("LLEN", "q") == integer(1));
}

TEST_CASE("ACL: what was queued is looked at when EXEC runs it, each command by itself") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+@all", "~*", "&*");
  Peer& peer = peer_of(h, "u");
  peer.run("MULTI");
  peer.run("SET", "a", "1");
  peer.run("GET", "b");
  peer.run("PUBLISH", "c", "x");
  peer.run("GET", "a");
  h.run("ACL", "SETUSER", "u", "-set", "resetkeys", "~a", "resetchannels");
  const std::string opening =
      "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This "
      "command is no longer allowed for the following reason: ";
  CHECK(peer.run("EXEC") ==
        array({error(opening + "no permission to execute the command or subcommand"),
               error(opening + "no permission to touch the specified keys"),
               error(opening + "no permission to access one of the channels used as arguments"), null()}));
  CHECK(h.propagated().empty());
}

TEST_CASE("ACL: a refused command spoils the transaction; a refused EXEC ends it") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+multi", "+exec", "+ping");
  Peer& peer = peer_of(h, "u");
  peer.run("MULTI");
  CHECK(peer.run("GET", "a").is_error());
  CHECK(peer.run("EXEC") == error("EXECABORT Transaction discarded because of previous errors."));
  peer.run("MULTI");
  h.run("ACL", "SETUSER", "u", "-exec");
  CHECK(peer.run("EXEC") ==
        error("EXECABORT Transaction discarded because of: NOPERM User u has no permissions "
              "to run the 'exec' command"));
  CHECK(peer.run("PING") == status("PONG"));
}

TEST_CASE("ACL: scripts run as who called them, and are told why something is refused") {
  Harness h;
  h.run("ACL", "SETUSER", "u", "on", ">pw", "+eval", "+get", "~a", "&c");
  Peer& peer = peer_of(h, "u");
  CHECK(peer.run("EVAL", "return redis.call('GET','a')", "0") == null());
  CHECK(peer.run("EVAL", "return redis.pcall('GET','b')", "0") ==
        error("ERR ACL failure in script: No permissions to access a key"));
  CHECK(peer.run("EVAL", "return redis.pcall('SET','a','1')", "0") ==
        error("ERR ACL failure in script: User u has no permissions to run the 'set' command"));
  CHECK(peer.run("EVAL", "return redis.pcall('PUBLISH','d','1')", "0").is_error());
  const auto allowed = [&](const std::string& words) {
    return peer.run("EVAL", "return redis.acl_check_cmd(" + words + ")", "0");
  };
  CHECK(allowed("'GET','a'") == integer(1));
  CHECK(allowed("'GET','b'") == null());
  CHECK(allowed("'SET','a','1'") == null());
  CHECK(allowed("'GET'") == integer(1));
  CHECK(allowed("'NOSUCH'").is_error());
  CHECK(h.run("EVAL", "return redis.call('SET','b','1')", "0") == status("OK"));
}

TEST_CASE("ACL HELP: every subcommand") {
  Harness h;
  const resp::Value help = h.run("ACL", "HELP");
  CHECK(help.children.size() == 1 + 2 * 13);
  CHECK(h.run("ACL", "FOO") == error("ERR unknown subcommand 'FOO'. Try ACL HELP."));
}

TEST_CASE("ACL SETUSER: rules and names are no business of SLOWLOG") {
  Harness h;
  h.configure("slowlog-log-slower-than", "0");
  h.run("ACL", "SETUSER", "u", ">secret");
  const resp::Value log = h.run("SLOWLOG", "GET", "1");
  CHECK(resp::describe(log).find("secret") == std::string::npos);
  CHECK(resp::describe(log).find("[\"ACL\", \"SETUSER\", \"(redacted)\", \"(redacted)\"]") !=
        std::string::npos);
}
