#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

std::string digest(Harness& h) {
  return h.run("DEBUG", "DIGEST").text;
}

std::string digest_value(Harness& h, const std::string& key) {
  return h.run("DEBUG", "DIGEST-VALUE", key).children.at(0).text;
}

const std::string kNothing(40, '0');

}  // namespace

TEST_CASE("DEBUG: unknown subcommands and wrong numbers of words have one answer") {
  Harness h;
  for (const char* name : {"nosuch", "sleep", "object", "htstats", "protocol", "set-active-expire"}) {
    CHECK(h.run("DEBUG", name) == error("ERR unknown subcommand or wrong number of arguments for '" +
                                        std::string(name) + "'. Try DEBUG HELP."));
  }
  CHECK(h.run("DEBUG") == error("ERR wrong number of arguments for 'debug' command"));
}

TEST_CASE("DEBUG is refused unless the configuration allows it") {
  Harness h;
  h.state.debug_commands = exec::ProtectedMode::kNo;
  CHECK(h.run("DEBUG", "SLEEP", "0").text.starts_with("ERR DEBUG command not allowed."));
}

TEST_CASE("DEBUG SLEEP lets the clock go on, and takes what is no number for 0") {
  Harness h;
  const int64_t before = h.clock.monotonic_us();
  CHECK(h.run("DEBUG", "SLEEP", "0.25") == status("OK"));
  CHECK(h.clock.monotonic_us() - before == 250'000);
  CHECK(h.run("DEBUG", "SLEEP", "x") == status("OK"));
  CHECK(h.run("DEBUG", "SLEEP", "-5") == status("OK"));
  CHECK(h.clock.monotonic_us() - before == 250'000);
}

TEST_CASE("DEBUG RELOAD goes through a snapshot, LOADAOF through the log") {
  Harness h;
  CHECK(h.run("DEBUG", "RELOAD") == status("OK"));
  CHECK(h.run("DEBUG", "RELOAD", "nosave") == status("OK"));
  CHECK(h.run("DEBUG", "LOADAOF") == status("OK"));
  CHECK(h.control.snapshot_reloads == 2);
  CHECK(h.control.reloads == 1);
  CHECK(h.run("DEBUG", "RELOAD", "MERGE").is_error());
  CHECK(h.run("DEBUG", "RELOAD", "x") ==
        error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."));
  h.run("MULTI");
  h.run("DEBUG", "LOADAOF");
  CHECK(h.run("EXEC") == array({error("ERR The dataset cannot be loaded again inside a transaction")}));
  CHECK(h.control.reloads == 1);
}

TEST_CASE("DEBUG DIGEST: nothing is zeros, and every difference shows") {
  Harness h;
  CHECK(digest(h) == kNothing);
  h.run("RPUSH", "l", "a", "b");
  const std::string first = digest(h);
  CHECK(first.size() == 40);
  CHECK(first != kNothing);
  h.run("DEL", "l");
  CHECK(digest(h) == kNothing);
  h.run("RPUSH", "l", "b", "a");
  CHECK(digest(h) != first);
  h.run("DEL", "l");
  h.run("RPUSH", "other", "a", "b");
  CHECK(digest(h) != first);
  h.run("RENAME", "other", "l");
  CHECK(digest(h) == first);
  h.run("PEXPIREAT", "l", "9999999999999");
  CHECK(digest(h) != first);
  h.run("PERSIST", "l");
  CHECK(digest(h) == first);
  h.run("MOVE", "l", "3");
  CHECK(digest(h) != first);
}

TEST_CASE("DEBUG DIGEST: members of tables count in any order, and packed or not") {
  Harness left;
  Harness right(99);
  right.configure("hash-max-listpack-entries", "0");
  right.configure("set-max-intset-entries", "0");
  left.run("HSET", "h", "a", "1", "b", "2");
  right.run("HSET", "h", "b", "2", "a", "1");
  left.run("SADD", "s", "1", "2", "3");
  right.run("SADD", "s", "3", "1", "2");
  left.run("ZADD", "z", "1", "a", "2", "b");
  right.run("ZADD", "z", "2", "b", "1", "a");
  CHECK(left.run("OBJECT", "ENCODING", "h") != right.run("OBJECT", "ENCODING", "h"));
  CHECK(digest(left) == digest(right));
  right.run("HSET", "h", "a", "2", "b", "1");
  CHECK(digest(left) != digest(right));
}

TEST_CASE("DEBUG DIGEST: a score of -0 is a score of 0, since a packed set cannot tell them apart") {
  Harness packed;
  packed.run("ZADD", "z", "-0", "a");
  Harness table;
  table.configure("zset-max-listpack-entries", "0");
  table.run("ZADD", "z", "-0", "a");
  CHECK(digest(packed) == digest(table));
}

TEST_CASE("DEBUG DIGEST-VALUE: the value and not its key; zeros for a missing one") {
  Harness h;
  h.run("XADD", "x", "1-1", "f", "v");
  h.run("SET", "a", "1");
  h.run("SET", "b", "1");
  CHECK(digest_value(h, "a") == digest_value(h, "b"));
  CHECK(digest_value(h, "x") != digest_value(h, "a"));
  CHECK(digest_value(h, "nosuch") == kNothing);
  CHECK(h.run("DEBUG", "DIGEST-VALUE") == array({}));
  const std::string before = digest_value(h, "x");
  h.run("XADD", "x", "1-2", "f", "v");
  h.run("XDEL", "x", "1-2");
  CHECK(digest_value(h, "x") != before);
}

TEST_CASE("DEBUG OBJECT: one line of fields, as Redis has it") {
  Harness h;
  h.run("SET", "s", "12");
  const std::string line = h.run("DEBUG", "OBJECT", "s").text;
  CHECK(line.starts_with("Value at:0x"));
  CHECK(line.find(" refcount:2147483647 encoding:int serializedlength:2 lru:") != std::string::npos);
  CHECK(line.ends_with(" lru_seconds_idle:0"));
  h.advance(std::chrono::seconds(3));
  CHECK(h.run("DEBUG", "OBJECT", "s").text.ends_with(" lru_seconds_idle:3"));
  CHECK(h.run("DEBUG", "OBJECT", "nosuch") == error("ERR no such key"));
}

TEST_CASE("DEBUG OBJECT: a list of several nodes tells of them") {
  Harness h;
  h.configure("list-max-listpack-size", "2");
  h.run("RPUSH", "l", "aa", "bb", "cc");
  const std::string line = h.run("DEBUG", "OBJECT", "l").text;
  CHECK(line.find("encoding:quicklist serializedlength:6 ") != std::string::npos);
  CHECK(line.find(" ql_nodes:2 ql_avg_node:1.50 ql_compressed:0 ") != std::string::npos);
}

TEST_CASE("DEBUG SET-ACTIVE-EXPIRE: keys go by themselves, or only when met") {
  Harness h;
  CHECK(h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0") == status("OK"));
  h.run("SET", "k", "v", "PX", "10");
  h.advance(std::chrono::milliseconds(50));
  CHECK(h.run("DBSIZE") == integer(1));
  CHECK(h.run("DEBUG", "SET-ACTIVE-EXPIRE", "1") == status("OK"));
  h.advance(std::chrono::milliseconds(1));
  CHECK(h.run("DBSIZE") == integer(0));
}

TEST_CASE("DEBUG QUICKLIST-PACKED-THRESHOLD: elements from that size on stand alone") {
  Harness h;
  h.configure("list-max-listpack-size", "2");
  CHECK(h.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "3") == status("OK"));
  h.run("RPUSH", "l", "a", "long", "b");
  CHECK(h.run("DEBUG", "OBJECT", "l").text.find(" ql_nodes:3 ") != std::string::npos);
  CHECK(h.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "0") == status("OK"));
  h.run("RPUSH", "m", "a", "long", "b");
  CHECK(h.run("DEBUG", "OBJECT", "m").text.find(" ql_nodes:2 ") != std::string::npos);
  const resp::Value refused = error("ERR argument must be a memory value bigger than 1 and smaller than 4gb");
  CHECK(h.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "4gb") == refused);
  CHECK(h.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "x") == refused);
}

TEST_CASE("DEBUG HTSTATS and HTSTATS-KEY: figures of tables, refused where there is none") {
  Harness h;
  h.run("SADD", "table", "x");
  h.run("HSET", "packed", "f", "v");
  h.configure("set-max-listpack-entries", "0");
  h.run("SADD", "table2", "x", "y");
  CHECK(h.run("DEBUG", "HTSTATS", "0").text.find("number of elements: 3") != std::string::npos);
  CHECK(h.run("DEBUG", "HTSTATS", "1").text.find("No stats available") != std::string::npos);
  CHECK(h.run("DEBUG", "HTSTATS", "99") == error("ERR Out of range database"));
  CHECK(h.run("DEBUG", "HTSTATS", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("DEBUG", "HTSTATS-KEY", "table2").text.find("number of elements: 2") != std::string::npos);
  CHECK(h.run("DEBUG", "HTSTATS-KEY", "packed") ==
        error("ERR The value stored at the specified key is not represented using an hash table"));
  CHECK(h.run("DEBUG", "HTSTATS-KEY", "nosuch") == error("ERR no such key"));
}

TEST_CASE("DEBUG LISTPACK: packed values only") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  h.run("SET", "s", "x");
  CHECK(h.run("DEBUG", "LISTPACK", "h") == status("Listpack structure printed on stdout"));
  CHECK(h.run("DEBUG", "LISTPACK", "s") == error("ERR Not a listpack encoded object."));
  CHECK(h.run("DEBUG", "LISTPACK", "nosuch") == error("ERR no such key"));
}

TEST_CASE("DEBUG PROTOCOL: one reply of each type") {
  Harness h;
  Peer& three = h.client();
  three.resp3();
  const auto both = [&](const std::string& type) {
    return h.text("DEBUG", "PROTOCOL", type) + " " + three.text("DEBUG", "PROTOCOL", type);
  };
  CHECK(both("string") == "\"Hello World\" \"Hello World\"");
  CHECK(both("integer") == "12345 12345");
  CHECK(both("double") == "\"3.141\" ,3.141");
  CHECK(both("null") == "nil nil");
  CHECK(both("array") == "[0, 1, 2] [0, 1, 2]");
  CHECK(both("set") == "[0, 1, 2] ~[0, 1, 2]");
  CHECK(both("map") == "[0, 0, 1, 1, 2, 0] {0: false, 1: true, 2: false}");
  CHECK(both("true") == "1 true");
  CHECK(both("false") == "0 false");
  CHECK(h.run("DEBUG", "PROTOCOL", "verbatim") == bulk("This is a verbatim\nstring"));
  CHECK(three.run("DEBUG", "PROTOCOL", "verbatim").kind == resp::Kind::kVerbatim);
  CHECK(three.run("DEBUG", "PROTOCOL", "bignum").kind == resp::Kind::kBigNumber);
  CHECK(h.run("DEBUG", "PROTOCOL", "attrib") == bulk("Some real reply following the attribute"));
  CHECK(three.run("DEBUG", "PROTOCOL", "attrib").kind == resp::Kind::kAttribute);
  CHECK(h.run("DEBUG", "PROTOCOL", "push") == error("ERR RESP2 is not supported by this command"));
  CHECK(three.run("DEBUG", "PROTOCOL", "push").kind == resp::Kind::kPush);
  CHECK(three.reply_text() == "\"Some real reply following the push reply\"");
  CHECK(h.run("DEBUG", "PROTOCOL", "x").is_error());
}

TEST_CASE("DEBUG POPULATE: strings under names not taken, in the log as well") {
  Harness h;
  h.run("RPUSH", "key:1", "mine");
  h.propagated();
  CHECK(h.run("DEBUG", "POPULATE", "3") == status("OK"));
  CHECK(h.propagated() == Lines{"MULTI", "SET key:0 value:0", "SET key:2 value:2", "EXEC"});
  CHECK(h.run("TYPE", "key:1") == status("list"));
  CHECK(h.run("DEBUG", "POPULATE", "1", "pre", "5") == status("OK"));
  CHECK(h.run("GET", "pre:0") == bulk("value"));
  h.run("DEBUG", "POPULATE", "1", "long", "9");
  CHECK(h.run("GET", "long:0") == bulk(std::string("value:0\0\0", 9)));
  const resp::Value refused = error("ERR value is out of range, must be positive");
  CHECK(h.run("DEBUG", "POPULATE", "-1") == refused);
  CHECK(h.run("DEBUG", "POPULATE", "x") == refused);
  CHECK(h.run("DEBUG", "POPULATE", "1", "p", "x") == refused);
}

TEST_CASE("DEBUG CHANGE-REPL-ID, STRINGMATCH-LEN, JMAP and HELP answer") {
  Harness h;
  CHECK(h.run("DEBUG", "CHANGE-REPL-ID") == status("OK"));
  CHECK(h.control.replication_id_changes == 1);
  CHECK(h.run("DEBUG", "STRINGMATCH-LEN", "a*c", "abbc") == integer(1));
  CHECK(h.run("DEBUG", "STRINGMATCH-LEN", "a*c", "abb") == integer(0));
  CHECK(h.run("DEBUG", "JMAP").text.find("resident: ") != std::string::npos);
  const resp::Value help = h.run("DEBUG", "HELP");
  CHECK(help.children[0] == status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
  CHECK(help.children.size() == 35);
}

}  // namespace sluice::test
