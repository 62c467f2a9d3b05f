#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

const resp::Value kOk = status("OK");
const std::string kInADay = "1700086400000";

std::multiset<std::string> members(const resp::Value& reply) {
  std::multiset<std::string> all;
  for (const resp::Value& item : reply.children) all.insert(item.text);
  return all;
}

// One key of every type that a command of this server can make.
void fill(Harness& h) {
  h.run("SET", "string", "text");
  h.run("RPUSH", "list", "a", "b");
  h.run("XADD", "stream", "1-1", "f", "v");
  h.propagated();
  h.events();
}

}  // namespace

TEST_CASE("DEL and UNLINK: remove what is there of any type, and count it once") {
  for (const std::string verb : {"DEL", "UNLINK"}) {
    Harness h;
    h.configure("notify-keyspace-events", "KEA");
    fill(h);
    CHECK(h.run(verb, "string", "nokey", "list", "string") == integer(2));
    CHECK(h.run(verb, "nokey") == integer(0));
    CHECK(h.run("EXISTS", "string", "list", "stream") == integer(1));
    CHECK(h.propagated() == Lines{verb + " string nokey list string"});
    CHECK(h.events() == Lines{"__keyspace@0__:string del", "__keyevent@0__:del string",
                              "__keyspace@0__:list del", "__keyevent@0__:del list"});
  }
}

TEST_CASE("DEL: a key past its deadline is gone, not removed") {
  Harness h;
  h.settings.active_expire = false;
  h.run("SET", "k", "v", "PX", "10");
  h.propagated();
  h.clock.advance_us(11'000);
  CHECK(h.run("DEL", "k") == integer(0));
  CHECK(h.propagated() == Lines{"DEL k"});
  CHECK(h.digest().empty());
}

TEST_CASE("EXISTS and TOUCH: count every mention") {
  Harness h;
  fill(h);
  CHECK(h.run("EXISTS", "string", "string", "nokey") == integer(2));
  CHECK(h.run("TOUCH", "string", "list", "nokey") == integer(2));
  CHECK(h.propagated().empty());
  CHECK(h.stats.keyspace_hits == 4);
  CHECK(h.stats.keyspace_misses == 2);
}

TEST_CASE("TYPE: names the type, or says none") {
  Harness h;
  fill(h);
  CHECK(h.run("TYPE", "string") == status("string"));
  CHECK(h.run("TYPE", "list") == status("list"));
  CHECK(h.run("TYPE", "stream") == status("stream"));
  CHECK(h.run("TYPE", "nokey") == status("none"));
}

TEST_CASE("RENAME: takes value and deadline along, over whatever had the name") {
  Harness h;
  h.configure("notify-keyspace-events", "KEAn");
  fill(h);
  h.run("PEXPIREAT", "list", kInADay);
  h.run("PEXPIREAT", "string", "1800000000000");
  h.propagated();
  h.events();
  CHECK(h.run("RENAME", "list", "string") == kOk);
  CHECK(h.run("LRANGE", "string", "0", "-1") == bulks({"a", "b"}));
  CHECK(h.run("PEXPIRETIME", "string") == integer(std::stoll(kInADay)));
  CHECK(h.run("EXISTS", "list") == integer(0));
  CHECK(h.propagated() == Lines{"RENAME list string"});
  CHECK(h.events() == Lines{"__keyspace@0__:string new", "__keyevent@0__:new string",
                            "__keyspace@0__:list rename_from", "__keyevent@0__:rename_from list",
                            "__keyspace@0__:string rename_to", "__keyevent@0__:rename_to string"});
  CHECK(h.stats.changes_since_save > 0);
}

TEST_CASE("RENAME: a deadline of the name's last owner does not stay") {
  Harness h;
  h.run("SET", "old", "1", "PXAT", kInADay);
  h.run("SET", "new", "2");
  CHECK(h.run("RENAME", "new", "old") == kOk);
  CHECK(h.run("PTTL", "old") == integer(-1));
  h.advance(48h);
  CHECK(h.run("GET", "old") == bulk("2"));
}

TEST_CASE("RENAME and RENAMENX: an absent key is an error, the own name changes nothing") {
  Harness h;
  fill(h);
  CHECK(h.run("RENAME", "nokey", "nokey") == error("ERR no such key"));
  CHECK(h.run("RENAMENX", "nokey", "string") == error("ERR no such key"));
  CHECK(h.run("RENAME", "list", "list") == kOk);
  CHECK(h.run("RENAMENX", "list", "list") == integer(0));
  CHECK(h.run("RENAMENX", "list", "string") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("RENAMENX", "list", "free") == integer(1));
  CHECK(h.propagated() == Lines{"RENAMENX list free"});
  CHECK(h.run("LLEN", "free") == integer(2));
}

TEST_CASE("RENAME: serves who waits for the new name") {
  Harness h;
  Peer& worker = h.client();
  worker.send("BLPOP", "awaited", "0");
  h.run("RPUSH", "other", "job");
  h.run("RENAME", "other", "awaited");
  CHECK(worker.reply_text() == "[\"awaited\", \"job\"]");
}

TEST_CASE("MOVE: to another database, with its deadline, unless the name is taken there") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  h.run("SET", "k", "v", "PXAT", kInADay);
  h.propagated();
  h.events();
  CHECK(h.run("MOVE", "k", "3") == integer(1));
  CHECK(h.events() == Lines{"__keyspace@0__:k move_from", "__keyevent@0__:move_from k",
                            "__keyspace@3__:k move_to", "__keyevent@3__:move_to k"});
  CHECK(h.propagated() == Lines{"MOVE k 3"});
  CHECK(h.run("EXISTS", "k") == integer(0));
  h.run("SET", "k", "other");
  CHECK(h.run("MOVE", "k", "3") == integer(0));
  CHECK(h.run("MOVE", "nokey", "3") == integer(0));
  h.run("SELECT", "3");
  CHECK(h.run("GET", "k") == bulk("v"));
  CHECK(h.run("PEXPIRETIME", "k") == integer(std::stoll(kInADay)));
}

TEST_CASE("MOVE and COPY: what is wrong with the database comes first") {
  Harness h;
  const std::string range = "ERR value is out of range, value must between -2147483648 and 2147483647";
  CHECK(h.run("MOVE", "k", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("MOVE", "k", "3000000000") == error(range));
  CHECK(h.run("MOVE", "k", "-1") == error("ERR DB index is out of range"));
  CHECK(h.run("MOVE", "k", "16") == error("ERR DB index is out of range"));
  CHECK(h.run("MOVE", "k", "0") == error("ERR source and destination objects are the same"));
  CHECK(h.run("COPY", "k", "l", "DB", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("COPY", "k", "l", "DB", "3000000000") == error(range));
  CHECK(h.run("COPY", "k", "l", "DB", "16") == error("ERR DB index is out of range"));
  CHECK(h.run("COPY", "k", "k") == error("ERR source and destination objects are the same"));
  CHECK(h.run("COPY", "k", "k", "DB", "1", "DB", "0") ==
        error("ERR source and destination objects are the same"));
  CHECK(h.run("COPY", "k", "l", "DB") == error("ERR syntax error"));
  CHECK(h.run("COPY", "k", "l", "OVER") == error("ERR syntax error"));
  CHECK(h.run("COPY", "k", "k", "DB", "1") == integer(0));
}

TEST_CASE("COPY: every type, with its deadline, and both lead lives of their own") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  fill(h);
  h.run("PEXPIREAT", "list", kInADay);
  h.propagated();
  h.events();
  CHECK(h.run("COPY", "list", "list2") == integer(1));
  CHECK(h.propagated() == Lines{"COPY list list2"});
  CHECK(h.events() == Lines{"__keyspace@0__:list2 copy_to", "__keyevent@0__:copy_to list2"});
  CHECK(h.run("PEXPIRETIME", "list2") == integer(std::stoll(kInADay)));
  h.run("RPUSH", "list2", "c");
  CHECK(h.run("LRANGE", "list", "0", "-1") == bulks({"a", "b"}));
  CHECK(h.run("COPY", "string", "string2") == integer(1));
  h.run("APPEND", "string2", "!");
  CHECK(h.run("GET", "string") == bulk("text"));
  CHECK(h.run("COPY", "stream", "stream2") == integer(1));
  h.run("XADD", "stream2", "2-1", "g", "w");
  CHECK(h.run("XLEN", "stream") == integer(1));
  CHECK(h.run("XLEN", "stream2") == integer(2));
}

TEST_CASE("COPY: replaces only when told, in the database named") {
  Harness h;
  fill(h);
  h.run("SET", "taken", "old", "PXAT", kInADay);
  h.propagated();
  CHECK(h.run("COPY", "nokey", "taken", "REPLACE") == integer(0));
  CHECK(h.run("COPY", "list", "taken") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("COPY", "list", "taken", "replace") == integer(1));
  CHECK(h.run("LLEN", "taken") == integer(2));
  CHECK(h.run("PTTL", "taken") == integer(-1));
  CHECK(h.run("COPY", "list", "list", "db", "2") == integer(1));
  CHECK(h.propagated() == Lines{"COPY list taken replace", "COPY list list db 2"});
  h.run("SELECT", "2");
  CHECK(h.run("LLEN", "list") == integer(2));
}

TEST_CASE("RANDOMKEY: draws from what is alive, and removes what is not") {
  Harness h;
  CHECK(h.run("RANDOMKEY") == null());
  h.settings.active_expire = false;
  h.run("SET", "a", "1");
  h.run("SET", "b", "1");
  for (int i = 0; i < 20; ++i) h.run("SET", "dead" + std::to_string(i), "1", "PX", "10");
  h.clock.advance_us(11'000);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(h.run("RANDOMKEY").text);
  CHECK(seen == std::set<std::string>{"a", "b"});
}

TEST_CASE("KEYS: patterns, the empty key, and nothing that has expired") {
  Harness h;
  h.settings.active_expire = false;
  for (const std::string key : {"one", "two", "three", ""}) h.run("SET", key, "1");
  h.run("SET", "dead", "1", "PX", "10");
  h.clock.advance_us(11'000);
  h.propagated();
  CHECK(members(h.run("KEYS", "*")) == std::multiset<std::string>{"", "one", "three", "two"});
  CHECK(members(h.run("KEYS", "t*")) == std::multiset<std::string>{"three", "two"});
  CHECK(members(h.run("KEYS", "**")) == std::multiset<std::string>{"one", "three", "two"});
  CHECK(members(h.run("KEYS", "[ot]?[eo]")) == std::multiset<std::string>{"one", "two"});
  CHECK(h.run("KEYS", "x*") == array({}));
  CHECK(h.propagated().empty());
}

TEST_CASE("OBJECT ENCODING: as Redis names it, null without the key") {
  Harness h;
  fill(h);
  h.run("SET", "number", "12");
  h.run("SET", "long", std::string(45, 'x'));
  CHECK(h.run("OBJECT", "ENCODING", "string") == bulk("embstr"));
  CHECK(h.run("OBJECT", "encoding", "number") == bulk("int"));
  CHECK(h.run("OBJECT", "ENCODING", "long") == bulk("raw"));
  CHECK(h.run("OBJECT", "ENCODING", "list") == bulk("listpack"));
  CHECK(h.run("OBJECT", "ENCODING", "stream") == bulk("stream"));
  CHECK(h.run("OBJECT", "ENCODING", "nokey") == null());
}

TEST_CASE("OBJECT IDLETIME: seconds since the key was used; looking is no use") {
  Harness h;
  h.run("SET", "k", "v");
  h.advance(5s);
  CHECK(h.run("OBJECT", "IDLETIME", "k") == integer(5));
  h.run("TYPE", "k");
  h.run("TTL", "k");
  h.run("EXISTS", "k");
  h.advance(2s);
  CHECK(h.run("OBJECT", "IDLETIME", "k") == integer(7));
  h.run("TOUCH", "k");
  CHECK(h.run("OBJECT", "IDLETIME", "k") == integer(0));
  CHECK(h.run("OBJECT", "IDLETIME", "nokey") == null());
}

TEST_CASE("OBJECT REFCOUNT and FREQ: what Redis answers without an LFU policy") {
  Harness h;
  h.run("MSET", "small", "9999", "big", "10000", "minus", "-1", "text", "abc");
  CHECK(h.run("OBJECT", "REFCOUNT", "small") == integer(2147483647));
  CHECK(h.run("OBJECT", "REFCOUNT", "big") == integer(1));
  CHECK(h.run("OBJECT", "REFCOUNT", "minus") == integer(1));
  CHECK(h.run("OBJECT", "REFCOUNT", "text") == integer(1));
  CHECK(h.run("OBJECT", "REFCOUNT", "nokey") == null());
  CHECK(h.run("OBJECT", "FREQ", "nokey") == null());
  CHECK(h.run("OBJECT", "FREQ", "text") ==
        error("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
              "when switching between policies at runtime LRU and LFU data will take some time to adjust."));
}

TEST_CASE("OBJECT FREQ: counts uses under an LFU policy, where IDLETIME is not kept") {
  Harness h;
  h.configure("maxmemory-policy", "volatile-lfu");
  h.configure("lfu-log-factor", "0");
  h.run("RPUSH", "q", "a");
  CHECK(h.run("OBJECT", "FREQ", "q") == integer(5));
  h.run("RPUSH", "q", "b");
  h.run("LLEN", "q");
  CHECK(h.run("OBJECT", "FREQ", "q") == integer(7));
  h.run("TYPE", "q");
  h.run("TTL", "q");
  h.run("EXISTS", "q");
  h.run("OBJECT", "ENCODING", "q");
  CHECK(h.run("OBJECT", "FREQ", "q") == integer(7));
  h.run("COPY", "q", "copy");
  CHECK(h.run("OBJECT", "FREQ", "copy") == integer(5));
  h.run("RENAME", "q", "r");
  CHECK(h.run("OBJECT", "FREQ", "r") == integer(9));
  h.advance(std::chrono::minutes(3));
  CHECK(h.run("OBJECT", "FREQ", "r") == integer(6));
  CHECK(h.run("OBJECT", "FREQ", "nokey") == null());
  CHECK(h.run("OBJECT", "IDLETIME", "nokey") == null());
  CHECK(h.run("OBJECT", "IDLETIME", "r") ==
        error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
              "switching between policies at runtime LRU and LFU data will take some time to adjust."));
  h.configure("maxmemory-policy", "noeviction");
  CHECK(h.run("OBJECT", "IDLETIME", "r") == integer(180));
}

TEST_CASE("OBJECT: help, an unknown subcommand, and wrong counts of arguments") {
  Harness h;
  CHECK(h.run("OBJECT", "HELP").children.size() == 11);
  CHECK(h.run("OBJECT") == error("ERR wrong number of arguments for 'object' command"));
  CHECK(h.run("OBJECT", "ENCODING") == error("ERR wrong number of arguments for 'object|encoding' command"));
  CHECK(h.run("OBJECT", "foo") == error("ERR unknown subcommand 'foo'. Try OBJECT HELP."));
  CHECK(h.run("DEL") == error("ERR wrong number of arguments for 'del' command"));
  CHECK(h.run("RENAME", "a") == error("ERR wrong number of arguments for 'rename' command"));
}

TEST_CASE("OBJECT: a missing key is no miss to announce, for TYPE it is") {
  Harness h;
  h.configure("notify-keyspace-events", "Em");
  for (const char* what : {"ENCODING", "REFCOUNT", "IDLETIME"}) h.run("OBJECT", what, "none");
  CHECK(h.events().empty());
  h.run("TYPE", "none");
  CHECK(h.events() == Lines{"__keyevent@0__:keymiss none"});
}

TEST_CASE("TOUCH: is a use for a client with NO-TOUCH as well") {
  Harness h;
  h.run("SET", "k", "v");
  h.run("CLIENT", "NO-TOUCH", "ON");
  h.clock.advance_us(5'000'000);
  h.run("GET", "k");
  CHECK(h.run("OBJECT", "IDLETIME", "k") == integer(5));
  CHECK(h.run("TOUCH", "k", "none") == integer(1));
  CHECK(h.run("OBJECT", "IDLETIME", "k") == integer(0));
}

}  // namespace sluice::test
