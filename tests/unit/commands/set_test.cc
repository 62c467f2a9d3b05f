#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";

std::set<std::string> texts(const resp::Value& reply) {
  std::set<std::string> found;
  for (const resp::Value& item : reply.children) found.insert(item.text);
  return found;
}

}  // namespace

TEST_CASE("SADD: counts new members only, and says nothing when there are none") {
  Harness h;
  CHECK(h.run("SADD", "s", "a", "b", "a", "") == integer(3));
  CHECK(h.run("SADD", "s", "a", "b") == integer(0));
  CHECK(h.run("SCARD", "s") == integer(3));
  CHECK(h.run("SCARD", "none") == integer(0));
  CHECK(h.propagated() == Lines{"SADD s a b a \"\""});
}

TEST_CASE("SADD: the encoding follows the members") {
  Harness h;
  h.run("SADD", "ints", "3", "1", "2");
  CHECK(h.run("OBJECT", "ENCODING", "ints") == bulk("intset"));
  CHECK(h.run("SMEMBERS", "ints") == bulks({"1", "2", "3"}));
  h.run("SADD", "words", "b", "a");
  CHECK(h.run("OBJECT", "ENCODING", "words") == bulk("listpack"));
  h.run("SADD", "words", std::string(65, 'x'));
  CHECK(h.run("OBJECT", "ENCODING", "words") == bulk("hashtable"));
  std::vector<std::string> many = {"SADD", "many"};
  many.resize(200, "same");
  h.first().send_words(many);
  CHECK(h.first().reply() == integer(1));
  CHECK(h.run("OBJECT", "ENCODING", "many") == bulk("hashtable"));
}

TEST_CASE("SREM: counts what was there, and the last member takes the key along") {
  Harness h;
  h.run("SADD", "s", "a", "b", "c");
  h.propagated();
  CHECK(h.run("SREM", "s", "x") == integer(0));
  CHECK(h.run("SREM", "none", "x") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("SREM", "s", "a", "x", "a") == integer(1));
  CHECK(h.run("SREM", "s", "b", "c") == integer(2));
  CHECK(h.run("EXISTS", "s") == integer(0));
  CHECK(h.propagated() == Lines{"SREM s a x a", "SREM s b c"});
}

TEST_CASE("SISMEMBER, SMISMEMBER, SMEMBERS") {
  Harness h;
  h.run("SADD", "s", "a", "7");
  CHECK(h.run("SISMEMBER", "s", "7") == integer(1));
  CHECK(h.run("SISMEMBER", "s", "07") == integer(0));
  CHECK(h.run("SISMEMBER", "none", "7") == integer(0));
  CHECK(h.run("SMISMEMBER", "s", "a", "b", "7") == array({integer(1), integer(0), integer(1)}));
  CHECK(h.run("SMISMEMBER", "none", "a") == array({integer(0)}));
  CHECK(h.run("SMEMBERS", "none") == array({}));
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("SMEMBERS", "s").kind == resp::Kind::kSet);
  CHECK(modern.run("SMEMBERS", "none").kind == resp::Kind::kSet);
}

TEST_CASE("SPOP: is logged as the removal of what was drawn") {
  Harness h;
  h.run("SADD", "s", "a", "b", "c");
  h.propagated();
  const std::string first = h.run("SPOP", "s").text;
  CHECK(h.propagated() == Lines{"SREM s " + first});
  CHECK(h.run("SISMEMBER", "s", first) == integer(0));
  const resp::Value more = h.run("SPOP", "s", "1");
  REQUIRE(more.children.size() == 1);
  CHECK(h.propagated() == Lines{"SREM s " + more.children[0].text});
  h.run("SPOP", "s");
  CHECK(h.run("EXISTS", "s") == integer(0));
  CHECK(h.run("SPOP", "s") == null());
  CHECK(h.run("SPOP", "s", "2") == array({}));
}

TEST_CASE("SPOP: the whole set goes by the removal of its key") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("SADD", "s", "a", "b", "c");
  h.propagated();
  h.events();
  CHECK(texts(h.run("SPOP", "s", "3")) == std::set<std::string>{"a", "b", "c"});
  CHECK(h.propagated() == Lines{"DEL s"});
  CHECK(h.events() == Lines{"__keyevent@0__:spop s", "__keyevent@0__:del s"});
  CHECK(h.run("EXISTS", "s") == integer(0));
}

TEST_CASE("SPOP: many members become several records of moderate size") {
  Harness h;
  std::vector<std::string> words = {"SADD", "s"};
  for (int i = 0; i < 3000; ++i) words.push_back(std::to_string(i));
  h.first().send_words(words);
  h.first().reply();
  h.propagated();
  CHECK(texts(h.run("SPOP", "s", "2500")).size() == 2500);
  CHECK(h.run("SCARD", "s") == integer(500));
  const Lines records = h.propagated();
  const auto removals = std::count_if(records.begin(), records.end(), [](const std::string& record) {
    return record.starts_with("SREM s ");
  });
  CHECK(removals == 3);
}

TEST_CASE("SPOP: errors in Redis's order") {
  Harness h;
  h.run("HSET", "h", "a", "1");
  CHECK(h.run("SPOP", "h", "-1") == error("ERR value is out of range, must be positive"));
  CHECK(h.run("SPOP", "h", "x") == error("ERR value is out of range, must be positive"));
  CHECK(h.run("SPOP", "h", "1", "2") == error("ERR syntax error"));
  CHECK(h.run("SPOP", "h", "0") == error(kWrongType));
  CHECK(h.run("SPOP", "h") == error(kWrongType));
  h.run("SADD", "s", "a");
  Peer& modern = h.client();
  modern.resp3();
  CHECK(modern.run("SPOP", "s", "0").kind == resp::Kind::kSet);
  CHECK(h.run("SCARD", "s") == integer(1));
}

TEST_CASE("SRANDMEMBER: one, several different, repeated") {
  Harness h;
  h.run("SADD", "s", "a", "b", "c");
  h.propagated();
  CHECK(h.run("SRANDMEMBER", "none") == null());
  CHECK(h.run("SRANDMEMBER", "none", "-3") == array({}));
  CHECK(h.run("SRANDMEMBER", "s").kind == resp::Kind::kBulk);
  CHECK(texts(h.run("SRANDMEMBER", "s", "2")).size() == 2);
  CHECK(h.run("SRANDMEMBER", "s", "9").children.size() == 3);
  CHECK(h.run("SRANDMEMBER", "s", "-9").children.size() == 9);
  CHECK(h.run("SRANDMEMBER", "s", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("SRANDMEMBER", "s", "x", "y") == error("ERR syntax error"));
  CHECK(h.run("SCARD", "s") == integer(3));
  CHECK(h.propagated().empty());
}

TEST_CASE("SMOVE: takes the member along, and the emptied source goes first") {
  Harness h;
  h.configure("notify-keyspace-events", "EA");
  h.run("SADD", "from", "a", "b");
  h.events();
  h.propagated();
  CHECK(h.run("SMOVE", "from", "to", "a") == integer(1));
  CHECK(h.run("SMOVE", "from", "to", "x") == integer(0));
  CHECK(h.events() == Lines{"__keyevent@0__:srem from", "__keyevent@0__:sadd to"});
  CHECK(h.run("SMOVE", "from", "to", "b") == integer(1));
  CHECK(h.events() == Lines{"__keyevent@0__:srem from", "__keyevent@0__:del from", "__keyevent@0__:sadd to"});
  CHECK(h.run("EXISTS", "from") == integer(0));
  CHECK(texts(h.run("SMEMBERS", "to")) == std::set<std::string>{"a", "b"});
  CHECK(h.propagated() == Lines{"SMOVE from to a", "SMOVE from to b"});
}

TEST_CASE("SMOVE: to itself, to a set that has it, and among other types") {
  Harness h;
  h.run("SADD", "s", "a");
  h.run("SADD", "t", "a", "b");
  h.run("HSET", "h", "f", "v");
  h.propagated();
  CHECK(h.run("SMOVE", "s", "s", "a") == integer(1));
  CHECK(h.run("SMOVE", "s", "s", "x") == integer(0));
  CHECK(h.run("SMOVE", "none", "h", "a") == integer(0));
  CHECK(h.run("SMOVE", "s", "h", "a") == error(kWrongType));
  CHECK(h.run("SMOVE", "h", "s", "a") == error(kWrongType));
  CHECK(h.propagated().empty());
  CHECK(h.run("SMOVE", "t", "s", "a") == integer(1));
  CHECK(h.run("SMEMBERS", "s") == bulks({"a"}));
  CHECK(h.run("SMEMBERS", "t") == bulks({"b"}));
}

TEST_CASE("SSCAN: a small set is one page, a large one is seen whole") {
  Harness h;
  h.run("SADD", "s", "a", "b", "7");
  CHECK(h.run("SSCAN", "s", "0", "COUNT", "1").children[0] == bulk("0"));
  CHECK(h.run("SSCAN", "s", "0", "MATCH", "[0-9]") == array({bulk("0"), bulks({"7"})}));
  CHECK(h.run("SSCAN", "none", "0", "nonsense") == array({bulk("0"), array({})}));
  for (int i = 0; i < 1000; ++i) h.run("SADD", "large", "m" + std::to_string(i));
  std::set<std::string> seen;
  std::string cursor = "0";
  do {
    const resp::Value page = h.run("SSCAN", "large", cursor, "COUNT", "30");
    cursor = page.children[0].text;
    for (const resp::Value& member : page.children[1].children) seen.insert(member.text);
  } while (cursor != "0");
  CHECK(seen.size() == 1000);
}

TEST_CASE("Set commands refuse other types") {
  Harness h;
  h.run("HSET", "h", "f", "v");
  CHECK(h.run("SADD", "h", "a") == error(kWrongType));
  CHECK(h.run("SREM", "h", "a") == error(kWrongType));
  CHECK(h.run("SCARD", "h") == error(kWrongType));
  CHECK(h.run("SISMEMBER", "h", "a") == error(kWrongType));
  CHECK(h.run("SMISMEMBER", "h", "a") == error(kWrongType));
  CHECK(h.run("SMEMBERS", "h") == error(kWrongType));
  CHECK(h.run("SRANDMEMBER", "h") == error(kWrongType));
  CHECK(h.run("SSCAN", "h", "0") == error(kWrongType));
}

}  // namespace sluice::test
