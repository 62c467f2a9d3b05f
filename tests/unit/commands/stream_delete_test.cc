// XDELEX, XACKDEL, and what XADD and XTRIM do by a policy. Redis 7.0 knows none of it: what is expected here
// is from the pages of XDELEX, XACKDEL, XADD and XTRIM at redis.io (8.2), and from the tests of streams and
// consumer groups that Redis publishes.
#include <doctest/doctest.h>

#include "keyspace/value.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

using types::Stream;
using types::StreamGroup;

Stream& stream_of(Harness& h, const std::string& key) {
  keyspace::Entry* const entry = h.keyspace.database(0).find(key);
  REQUIRE(entry != nullptr);
  return *keyspace::get_if<Stream>(entry->value);
}

// The stream 1 to `count` under "s", all delivered to each of the groups and pending there.
void fill(Harness& h, uint64_t count, const std::vector<std::string>& groups) {
  for (uint64_t i = 1; i <= count; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
  for (const std::string& name : groups) {
    StreamGroup& group = *stream_of(h, "s").add_group(name, {}, 0);
    auto& consumer = group.add_consumer("c", 0);
    for (uint64_t i = 1; i <= count; ++i) group.add_pending({i, 0}, {&consumer, 1, 1});
    group.set_last_id({count, 0});
  }
  h.propagated();
  h.events();
}

size_t pending(Harness& h, const std::string& group) {
  return stream_of(h, "s").find_group(group)->pending_count();
}

resp::Value integers(const std::vector<int64_t>& numbers) {
  std::vector<resp::Value> all;
  for (const int64_t number : numbers) all.push_back(integer(number));
  return array(all);
}

const std::string kNotPositive = "ERR Number of IDs must be a positive integer";
const std::string kMismatch = "ERR The `numids` parameter must match the number of arguments";
const std::string kInvalidId = "ERR Invalid stream ID specified as stream command argument";

}  // namespace

TEST_CASE("XDELEX: tells for each id whether it is gone now, was not there, or is still needed") {
  Harness h;
  h.configure("notify-keyspace-events", "Et");
  fill(h, 4, {"g"});
  CHECK(h.run("XDELEX", "nokey", "IDS", "2", "1", "2") == integers({-1, -1}));
  CHECK(h.run("XDELEX", "s", "IDS", "3", "1", "9", "1") == integers({1, -1, -1}));
  CHECK(pending(h, "g") == 4);
  CHECK(h.run("XDELEX", "s", "ACKED", "IDS", "2", "2", "9") == integers({2, -1}));
  CHECK(h.propagated() == Lines{"XDEL s 1-0"});
  CHECK(h.events() == Lines{"__keyevent@0__:xdel s"});
  stream_of(h, "s").find_group("g")->acknowledge({2, 0});
  CHECK(h.run("XDELEX", "s", "IDS", "1", "2-0", "acked") == integers({1}));
  // Also where the entry itself had gone before.
  CHECK(h.run("XDELEX", "s", "DELREF", "IDS", "2", "1", "3") == integers({-1, 1}));
  CHECK(pending(h, "g") == 1);
  CHECK(h.propagated() == Lines{"XDEL s 2-0", "MULTI", "XACK s g 1-0 3-0", "XDEL s 3-0", "EXEC"});
  CHECK(h.run("XLEN", "s") == integer(1));
}

TEST_CASE("XDELEX: by ACKED an entry that a group has not read yet is needed") {
  Harness h;
  for (const std::string id : {"1", "2", "3"}) h.run("XADD", "s", id, "f", "v");
  stream_of(h, "s").add_group("first", {1, 0}, 1);
  stream_of(h, "s").add_group("second", {3, 0}, 3);
  CHECK(h.run("XDELEX", "s", "ACKED", "IDS", "2", "1", "2") == integers({1, 2}));
  stream_of(h, "s").remove_group("first");
  CHECK(h.run("XDELEX", "s", "ACKED", "IDS", "1", "2") == integers({1}));
  stream_of(h, "s").remove_group("second");
  CHECK(h.run("XDELEX", "s", "ACKED", "IDS", "1", "3") == integers({1}));
}

TEST_CASE("XDELEX: references that go alone are logged, and nobody hears of them") {
  Harness h;
  h.configure("notify-keyspace-events", "Et");
  fill(h, 2, {"g", "h"});
  h.run("XDEL", "s", "1", "2");
  h.propagated();
  h.events();
  auto& watcher = h.client();
  watcher.run("WATCH", "s");
  CHECK(h.run("XDELEX", "s", "DELREF", "IDS", "1", "2") == integers({-1}));
  CHECK(h.propagated() == Lines{"MULTI", "XACK s g 2-0", "XACK s h 2-0", "EXEC"});
  CHECK(h.events().empty());
  watcher.run("MULTI");
  CHECK(watcher.run("EXEC") == array({}));
}

TEST_CASE("XACKDEL: acknowledges and deletes, unless another group needs the entry") {
  Harness h;
  fill(h, 5, {"g", "h"});
  CHECK(h.run("XACKDEL", "nokey", "g", "IDS", "2", "1", "2") == integers({-1, -1}));
  CHECK(h.run("XACKDEL", "s", "nogroup", "IDS", "2", "1", "2") == integers({-1, -1}));
  CHECK(h.propagated().empty());
  CHECK(h.run("XACKDEL", "s", "g", "IDS", "2", "1", "1") == integers({1, -1}));
  CHECK(pending(h, "h") == 5);
  CHECK(h.propagated() == Lines{"MULTI", "XACK s g 1-0", "XDEL s 1-0", "EXEC"});
  CHECK(h.run("XACKDEL", "s", "g", "ACKED", "IDS", "1", "2") == integers({2}));
  CHECK(pending(h, "g") == 3);
  CHECK(h.propagated() == Lines{"XACK s g 2-0"});
  CHECK(h.run("XACKDEL", "s", "h", "ACKED", "IDS", "1", "2") == integers({1}));
  CHECK(h.run("XACKDEL", "s", "g", "DELREF", "IDS", "1", "3") == integers({1}));
  CHECK(pending(h, "h") == 3);
  h.propagated();
  // Pending in the group, and gone from the stream.
  h.run("XDEL", "s", "4");
  h.propagated();
  CHECK(h.run("XACKDEL", "s", "g", "ACKED", "IDS", "1", "4") == integers({1}));
  CHECK(h.propagated() == Lines{"XACK s g 4-0"});
  // In the stream, and not pending in the group.
  stream_of(h, "s").find_group("g")->acknowledge({5, 0});
  CHECK(h.run("XACKDEL", "s", "g", "IDS", "1", "5") == integers({-1}));
  CHECK(h.run("XLEN", "s") == integer(1));
}

TEST_CASE("XDELEX, XACKDEL: what they cannot read is refused before anything is done") {
  Harness h;
  fill(h, 3, {"g"});
  h.run("SET", "text", "x");
  h.propagated();
  const std::vector<std::vector<std::string>> heads = {{"XDELEX", "s"}, {"XACKDEL", "s", "g"}};
  for (const auto& head : heads) {
    const auto refused = [&](std::vector<std::string> rest, const std::string& text) {
      std::vector<std::string> words = head;
      words.insert(words.end(), rest.begin(), rest.end());
      auto& peer = h.client();
      peer.send_words(words);
      CHECK(peer.reply().value() == error(text));
    };
    refused({"IDS", "0", "1"}, kNotPositive);
    refused({"IDS", "-5", "1"}, kNotPositive);
    refused({"IDS", "abc", "1"}, kNotPositive);
    refused({"IDS", "3", "1", "2"}, kMismatch);
    refused({"IDS", "9223372036854775807", "1", "2"}, kMismatch);
    refused({"IDS", "1", "1", "2"}, "ERR syntax error");
    refused({"KEEPREF", "DELREF", "IDS", "1", "1"}, "ERR syntax error");
    refused({"ACKED", "IDS", "1", "1", "ACKED"}, "ERR syntax error");
    refused({"FOO", "IDS", "1", "1"}, "ERR syntax error");
    refused({"IDS", "1", "1", "IDS", "1", "2"}, "ERR syntax error");
    refused({"IDS", "2", "1", "x"}, kInvalidId);
    refused({"IDS", "2", "1", "18446744073709551616"}, kInvalidId);
  }
  CHECK(h.propagated().empty());
  CHECK(h.run("XLEN", "s") == integer(3));
  CHECK(pending(h, "g") == 3);
  const std::string last = "18446744073709551615-18446744073709551615";
  CHECK(h.run("XDELEX", "s", "IDS", "1", last) == integers({-1}));
  CHECK(h.run("XDELEX", "text", "IDS", "1", "1") ==
        error("WRONGTYPE Operation against a key holding the wrong kind of value"));
  CHECK(h.run("XACKDEL", "text", "g", "IDS", "1", "1") ==
        error("WRONGTYPE Operation against a key holding the wrong kind of value"));
}

TEST_CASE("XTRIM: by ACKED unacknowledged entries stay, and the log gets what went") {
  Harness h;
  fill(h, 8, {"g"});
  CHECK(h.run("XTRIM", "s", "MAXLEN", "0", "ACKED") == integer(0));
  CHECK(h.propagated().empty());
  for (const uint64_t id : {1, 2, 5, 7}) stream_of(h, "s").find_group("g")->acknowledge({id, 0});
  CHECK(h.run("XTRIM", "s", "ACKED", "MAXLEN", "5") == integer(3));
  CHECK(h.propagated() == Lines{"MULTI", "XTRIM s MINID = 3-0", "XDEL s 5-0", "EXEC"});
  CHECK(h.run("XTRIM", "s", "MINID", "9", "ACKED") == integer(1));
  CHECK(h.propagated() == Lines{"XDEL s 7-0"});
  for (const uint64_t id : {3, 4, 6, 8}) stream_of(h, "s").find_group("g")->acknowledge({id, 0});
  CHECK(h.run("XTRIM", "s", "MAXLEN", "~", "0", "ACKED") == integer(4));
  CHECK(h.propagated() == Lines{"XTRIM s MAXLEN = 0"});
}

TEST_CASE("XADD: by ACKED the stream may stay longer, and an entry nobody has read is kept") {
  Harness h;
  h.configure("notify-keyspace-events", "Et");
  fill(h, 3, {"g"});
  CHECK(h.run("XADD", "s", "ACKED", "MAXLEN", "2", "4", "f", "v") == bulk("4-0"));
  CHECK(h.run("XLEN", "s") == integer(4));
  CHECK(h.propagated() == Lines{"XADD s 4-0 f v"});
  CHECK(h.events() == Lines{"__keyevent@0__:xadd s"});
  stream_of(h, "s").find_group("g")->acknowledge({1, 0});
  stream_of(h, "s").find_group("g")->acknowledge({3, 0});
  CHECK(h.run("XADD", "s", "MAXLEN", "=", "0", "ACKED", "5-*", "f", "v") == bulk("5-0"));
  CHECK(h.propagated() == Lines{"MULTI", "XADD s MINID = 2-0 5-0 f v", "XDEL s 3-0", "EXEC"});
  CHECK(h.events() == Lines{"__keyevent@0__:xadd s", "__keyevent@0__:xtrim s"});
}

TEST_CASE("XADD, XTRIM: by DELREF what is pending goes along, and the log acknowledges it") {
  Harness h;
  fill(h, 4, {"g", "h"});
  CHECK(h.run("XTRIM", "s", "MAXLEN", "3", "DELREF") == integer(1));
  CHECK(h.propagated() == Lines{"MULTI", "XACK s g 1-0", "XACK s h 1-0", "XTRIM s MAXLEN = 3", "EXEC"});
  CHECK(h.run("XADD", "s", "DELREF", "MINID", "3", "5", "f", "v") == bulk("5-0"));
  CHECK(h.propagated() == Lines{"MULTI", "XACK s g 2-0", "XACK s h 2-0", "XADD s MINID = 3 5-0 f v", "EXEC"});
  CHECK(pending(h, "g") == 2);
}

TEST_CASE("XADD, XTRIM: by KEEPREF they are as without it, and no log says a word of it") {
  Harness h;
  fill(h, 4, {"g"});
  CHECK(h.run("XADD", "s", "KEEPREF", "5", "f", "v") == bulk("5-0"));
  CHECK(h.run("XADD", "s", "MAXLEN", "2", "KEEPREF", "6", "f", "v") == bulk("6-0"));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "1", "KEEPREF") == integer(1));
  CHECK(h.propagated() == Lines{"XADD s 5-0 f v", "XADD s MAXLEN = 2 6-0 f v", "XTRIM s MAXLEN = 1"});
  CHECK(pending(h, "g") == 4);
  CHECK(h.run("XADD", "s", "KEEPREF", "ACKED", "9", "f", "v") == error("ERR syntax error"));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "1", "DELREF", "DELREF") == error("ERR syntax error"));
  CHECK(h.run("XTRIM", "s", "ACKED", "KEEPREF") == error("ERR syntax error"));
  CHECK(h.run("XTRIM", "s", "ACKED", "LIMIT", "0") ==
        error("ERR syntax error, XTRIM must be called with a trimming strategy"));
}

TEST_CASE("XTRIM: many deletions by id are several records of the log") {
  Harness h;
  fill(h, 2501, {"g"});
  for (uint64_t i = 2; i <= 2501; ++i) stream_of(h, "s").find_group("g")->acknowledge({i, 0});
  CHECK(h.run("XTRIM", "s", "MAXLEN", "0", "ACKED") == integer(2500));
  const Lines lines = h.propagated();
  REQUIRE(lines.size() == 5);
  CHECK(lines[3].substr(0, 15) == "XDEL s 2002-0 2");
}

TEST_CASE("XTRIM: of many entries it leaves their blocks to be freed in slices") {
  Harness h;
  for (int i = 0; i < 20'000; ++i) h.run("XADD", "s", "*", "f", "v");
  h.run("XTRIM", "s", "MAXLEN", "10");
  CHECK_FALSE(h.keyspace.graveyard().empty());
  int slices = 1;
  while (h.keyspace.graveyard().step(50, h.keyspace.deadlines())) ++slices;
  CHECK(slices >= 2);
  CHECK(h.run("XLEN", "s") == integer(10));
}

}  // namespace sluice::test
