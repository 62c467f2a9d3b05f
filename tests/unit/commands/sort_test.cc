#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kNoNumber = error("ERR One or more scores can't be converted into double");

}  // namespace

TEST_CASE("SORT: a sorted set is a skiplist afterwards, as in Redis") {
  Harness h;
  h.run("ZADD", "z", "2", "b", "1", "a");
  CHECK(h.run("OBJECT", "ENCODING", "z") == bulk("listpack"));
  h.propagated();
  CHECK(h.run("SORT_RO", "z", "ALPHA") == bulks({"a", "b"}));
  CHECK(h.run("OBJECT", "ENCODING", "z") == bulk("skiplist"));
  CHECK(h.propagated().empty());
  CHECK(h.run("ZRANGE", "z", "0", "-1", "WITHSCORES") == bulks({"a", "1", "b", "2"}));
}

TEST_CASE("SORT: numbers in order, up or down, and a part of them") {
  Harness h;
  h.run("RPUSH", "l", "3", "-1.5", "1e2", "0x10", "inf");
  CHECK(h.run("SORT", "l") == bulks({"-1.5", "3", "0x10", "1e2", "inf"}));
  CHECK(h.run("SORT", "l", "desc", "limit", "1", "2") == bulks({"1e2", "0x10"}));
  CHECK(h.run("SORT", "l", "DESC", "ASC", "LIMIT", "-3", "2") == bulks({"-1.5", "3"}));
  CHECK(h.run("SORT", "l", "LIMIT", "3", "-1") == bulks({"1e2", "inf"}));
  CHECK(h.run("SORT", "l", "LIMIT", "9", "9223372036854775807") == array({}));
  CHECK(h.run("SORT", "l", "LIMIT", "0", "0") == array({}));
  CHECK(h.run("SORT", "none") == array({}));
  CHECK(h.run("SORT_RO", "l", "LIMIT", "0", "1") == bulks({"-1.5"}));
}

TEST_CASE("SORT: equal numbers go by their texts; nothing and blanks count as numbers") {
  Harness h;
  h.run("RPUSH", "l", "1.0", "1", "", " 2", "01");
  CHECK(h.run("SORT", "l") == bulks({"", "01", "1", "1.0", " 2"}));
  CHECK(h.run("SORT", "l", "DESC") == bulks({" 2", "1.0", "1", "01", ""}));
}

TEST_CASE("SORT: what is no number is refused, unless texts are sorted or nothing is") {
  Harness h;
  h.run("RPUSH", "l", "b", "10", "9", "a");
  CHECK(h.run("SORT", "l") == kNoNumber);
  CHECK(h.run("SORT", "l", "ALPHA") == bulks({"10", "9", "a", "b"}));
  CHECK(h.run("SORT", "l", "BY", "nosort") == bulks({"b", "10", "9", "a"}));
  CHECK(h.run("SORT", "l", "BY", "nosort", "DESC", "LIMIT", "1", "2") == bulks({"9", "10"}));
  for (const std::string text : {"nan", "1e400", "1e-400", "1 ", "1,5"}) {
    h.run("DEL", "n");
    h.run("RPUSH", "n", text);
    CHECK(h.run("SORT", "n") == kNoNumber);
  }
}

TEST_CASE("SORT ALPHA: shown texts are compared up to a NUL, stored ones to the end") {
  Harness h;
  const std::string first("a\0z", 3);
  const std::string second("a\0b", 3);
  h.run("RPUSH", "l", first, second, "");
  CHECK(h.run("SORT", "l", "ALPHA") == bulks({"", first, second}));
  CHECK(h.run("SORT", "l", "ALPHA", "STORE", "d") == integer(3));
  CHECK(h.run("LRANGE", "d", "0", "-1") == bulks({"", second, first}));
}

TEST_CASE("SORT BY and GET: by what other keys and fields hold, and showing it") {
  Harness h;
  h.run("RPUSH", "l", "1", "2", "3");
  h.run("MSET", "w1", "30", "w2", "20", "w3", "10", "name1", "one", "name3", "three", "1", "x");
  h.run("HSET", "job1", "p", "5", "q", "five");
  h.run("HSET", "job2", "p", "4");
  CHECK(h.run("SORT", "l", "BY", "w*") == bulks({"3", "2", "1"}));
  CHECK(h.run("SORT", "l", "BY", "job*->p") == bulks({"3", "2", "1"}));
  CHECK(h.run("SORT", "l", "BY", "job*->p", "DESC", "GET", "job*->q", "GET", "#", "GET", "name*") ==
        array({bulk("five"), bulk("1"), bulk("one"), null(), bulk("2"), null(), null(), bulk("3"),
               bulk("three")}));
  CHECK(h.run("SORT", "l", "BY", "nosort", "GET", "w1") == array({null(), null(), null()}));
  CHECK(h.run("SORT", "l", "BY", "nosort", "GET", "*") == array({bulk("x"), null(), null()}));
  CHECK(h.run("SORT", "l", "BY", "nosort", "GET", "job*") == array({null(), null(), null()}));
  h.run("SET", "k1->", "arrow");
  CHECK(h.run("SORT", "l", "LIMIT", "0", "1", "GET", "k*->") == bulks({"arrow"}));
  h.run("SET", "w2", "heavy");
  CHECK(h.run("SORT", "l", "BY", "w*") == kNoNumber);
  CHECK(h.run("SORT", "l", "BY", "w*", "ALPHA") == bulks({"3", "1", "2"}));
}

TEST_CASE("SORT BY ALPHA: what has no weight comes first, equals stay in order") {
  Harness h;
  h.run("RPUSH", "l", "c", "b", "x", "a", "c");
  h.run("MSET", "w_b", "same", "w_a", "same");
  CHECK(h.run("SORT", "l", "BY", "w_*", "ALPHA") == bulks({"c", "x", "c", "b", "a"}));
  CHECK(h.run("SORT", "l", "BY", "w_*", "ALPHA", "DESC") == bulks({"b", "a", "c", "x", "c"}));
  CHECK(h.run("SORT", "l", "BY", "w_*") == kNoNumber);
}

TEST_CASE("SORT: sets and sorted sets") {
  Harness h;
  h.run("SADD", "s", "3", "1", "2");
  h.run("ZADD", "z", "3", "a", "1", "b", "2", "10");
  CHECK(h.run("SORT", "s", "DESC") == bulks({"3", "2", "1"}));
  CHECK(h.run("SORT", "s", "BY", "nosort", "LIMIT", "1", "1") == bulks({"2"}));
  CHECK(h.run("SORT", "z", "ALPHA") == bulks({"10", "a", "b"}));
  CHECK(h.run("SORT", "z") == kNoNumber);
  CHECK(h.run("SORT", "z", "BY", "nosort") == bulks({"b", "10", "a"}));
  CHECK(h.run("SORT", "z", "BY", "nosort", "DESC", "LIMIT", "0", "2") == bulks({"a", "10"}));
}

TEST_CASE("SORT: a set that nothing sorts is sorted by text where scripts or the log rely on it") {
  Harness h;
  h.run("SADD", "s", "c", "a", "b", "10", "9");
  CHECK(h.run("SORT", "s", "BY", "nosort", "STORE", "d") == integer(5));
  CHECK(h.run("LRANGE", "d", "0", "-1") == bulks({"10", "9", "a", "b", "c"}));
  CHECK(h.run("EVAL", "return redis.call('SORT', KEYS[1], 'BY', 'nosort')", "1", "s") ==
        bulks({"10", "9", "a", "b", "c"}));
}

TEST_CASE("SORT STORE: a list over whatever was there, or nothing") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  Peer& worker = h.client();
  worker.send("BLPOP", "queue", "0");
  h.run("RPUSH", "l", "2", "1");
  h.run("SET", "d", "v", "EX", "100");
  h.events();
  h.propagated();
  CHECK(h.run("SORT", "l", "GET", "#", "GET", "none_*", "STORE", "d") == integer(4));
  CHECK(h.run("LRANGE", "d", "0", "-1") == bulks({"1", "", "2", ""}));
  CHECK(h.run("TTL", "d") == integer(-1));
  CHECK(h.run("SORT", "none", "STORE", "d") == integer(0));
  CHECK(h.run("SORT", "none", "STORE", "d") == integer(0));
  CHECK(h.run("SORT", "l", "STORE", "l") == integer(2));
  CHECK(h.run("LRANGE", "l", "0", "-1") == bulks({"1", "2"}));
  CHECK(h.events() ==
        Lines{"__keyevent@0__:sortstore d", "__keyevent@0__:del d", "__keyevent@0__:sortstore l"});
  CHECK(h.propagated() == Lines{"SORT l GET # GET none_* STORE d", "SORT none STORE d", "SORT l STORE l"});
  CHECK(h.run("SORT", "l", "STORE", "one", "STORE", "queue") == integer(2));
  CHECK(worker.reply() == bulks({"queue", "1"}));
  CHECK(h.run("EXISTS", "one") == integer(0));
}

TEST_CASE("SORT STORE: what fields of hashes decided is logged as the result, in pieces") {
  Harness h;
  h.run("RPUSH", "l", "1", "2");
  h.run("HSET", "h1", "w", "2");
  h.run("HSET", "h2", "w", "1", "text", "a b");
  h.run("SET", "d", "v");
  h.propagated();
  h.run("SORT", "l", "BY", "h*->w", "STORE", "d");
  h.run("SORT", "l", "BY", "nosort", "GET", "h*->text", "STORE", "d");
  h.run("SORT", "none", "GET", "h*->text", "STORE", "d");
  h.run("SORT", "none", "GET", "h*->text", "STORE", "d");
  CHECK(h.propagated() == Lines{"MULTI", "DEL d", "RPUSH d 2 1", "EXEC", "MULTI", "DEL d",
                                "RPUSH d \"\" \"a b\"", "EXEC", "DEL d"});
  for (int i = 0; i < 2000; ++i) h.run("RPUSH", "long", std::to_string(i));
  h.propagated();
  h.run("SORT", "long", "BY", "h*->w", "STORE", "d");
  CHECK(h.propagated().size() == 7);
}

TEST_CASE("SORT STORE: fields that are due but not removed yet are not there when the log is replayed") {
  Harness h;
  h.settings.active_expire = false;
  constexpr int kFields = 3 * static_cast<int>(keyspace::kFieldsAtOnce);
  h.run("HSET", "h_x", "stays", "v");
  for (int i = 0; i < kFields; ++i) {
    h.run("HSETEX", "h_x", "PX", "100", "FIELDS", "1", "f" + std::to_string(i), "value");
  }
  h.run("RPUSH", "l", "x");
  h.clock.advance_us(200'000);
  const std::string last = "h_*->f" + std::to_string(kFields - 1);
  h.propagated();
  h.run("SORT", "l", "BY", "nosort", "GET", last, "STORE", "d");
  CHECK(h.run("LRANGE", "d", "0", "-1") == bulks({""}));
  const Lines lines = h.propagated();
  REQUIRE(lines.size() >= 3);
  CHECK(Lines(lines.end() - 3, lines.end()) == Lines{"DEL d", "RPUSH d \"\"", "EXEC"});
}

TEST_CASE("SORT and SORT_RO: bad arguments") {
  Harness h;
  h.run("SET", "text", "v");
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("SORT", "text", "FOO") == kSyntax);
  CHECK(h.run("SORT", "text", "LIMIT", "0") == kSyntax);
  CHECK(h.run("SORT", "text", "LIMIT", "x", "1") == kNotAnInteger);
  CHECK(h.run("SORT", "text", "BY") == kSyntax);
  CHECK(h.run("SORT", "text", "GET") == kSyntax);
  CHECK(h.run("SORT", "text", "STORE") == kSyntax);
  CHECK(h.run("SORT_RO", "none", "STORE", "d") == kSyntax);
  CHECK(h.run("SORT", "text") == kWrongType);
  CHECK(h.run("SORT", "h", "BY", "nosort") == kWrongType);
  CHECK(h.run("SORT") == error("ERR wrong number of arguments for 'sort' command"));
}

TEST_CASE("SORT: BY and GET read keys that no word names, and are refused to who may not read any key") {
  Harness h;
  h.run("RPUSH", "l", "2", "1");
  h.run("ACL", "SETUSER", "u", "on", "nopass", "+sort", "+sort_ro", "~l");
  Peer& peer = h.client();
  REQUIRE(peer.run("AUTH", "u", "x") == status("OK"));
  for (const char* name : {"SORT", "SORT_RO"}) {
    CHECK(peer.run(name, "l") == bulks({"1", "2"}));
    CHECK(peer.run(name, "l", "BY", "nosort") == bulks({"2", "1"}));
    CHECK(peer.run(name, "l", "BY", "w*") ==
          error("ERR BY option of SORT denied due to insufficient ACL permissions."));
    CHECK(peer.run(name, "l", "GET", "#") ==
          error("ERR GET option of SORT denied due to insufficient ACL permissions."));
  }
  h.run("ACL", "SETUSER", "u", "%R~*");
  CHECK(peer.run("SORT_RO", "l", "BY", "w*", "GET", "#") == bulks({"1", "2"}));
}

TEST_CASE("SORT: the keys among its words") {
  Harness h;
  CHECK(h.run("COMMAND", "GETKEYS", "SORT", "k", "BY", "STORE", "GET", "STORE", "LIMIT", "0", "STORE") ==
        bulks({"k"}));
  CHECK(h.run("COMMAND", "GETKEYS", "SORT", "k", "STORE", "a", "DESC", "STORE", "b") == bulks({"k", "b"}));
  CHECK(h.run("COMMAND", "GETKEYS", "SORT", "k", "STORE", "BY", "STORE", "b") == bulks({"k", "b"}));
  CHECK(h.run("COMMAND", "GETKEYS", "SORT_RO", "k", "BY", "w*") == bulks({"k"}));
}

TEST_CASE("SORT: no name of a key hides the destination from a user's rules") {
  Harness h;
  h.run("RPUSH", "b1", "1");
  h.run("ACL", "SETUSER", "u", "on", "nopass", "+@all", "-@admin", "~b*");
  Peer& peer = h.client();
  REQUIRE(peer.run("AUTH", "u", "x") == status("OK"));
  CHECK(peer.text("SORT", "b1", "STORE", "by", "STORE", "evil").find("NOPERM") != std::string::npos);
  CHECK(peer.text("SORT", "b1", "STORE", "limit", "STORE", "evil").find("NOPERM") != std::string::npos);
  CHECK(peer.run("SORT", "b1", "STORE", "evil", "STORE", "by") == integer(1));
  CHECK(h.run("EXISTS", "evil") == integer(0));
}

}  // namespace sluice::test
