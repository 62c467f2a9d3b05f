#include <doctest/doctest.h>

#include "resp/parser.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kInvalidId = "ERR Invalid stream ID specified as stream command argument";
const std::string kNotGreater =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";

}  // namespace

TEST_CASE("XADD: an explicit id is kept, answered and logged as received") {
  Harness h;
  CHECK(h.run("XADD", "s", "5-1", "f", "v") == bulk("5-1"));
  CHECK(h.run("XADD", "s", "6", "f", "v") == bulk("6-0"));
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(h.propagated() == Lines{"XADD s 5-1 f v", "XADD s 6 f v"});
}

TEST_CASE("XADD: ids from the clock, and partial ones, are logged as what they became") {
  Harness h;
  CHECK(h.run("XADD", "s", "*", "f", "v") == bulk("1700000000000-0"));
  CHECK(h.run("XADD", "s", "*", "f", "v") == bulk("1700000000000-1"));
  h.advance(std::chrono::milliseconds(5));
  CHECK(h.run("XADD", "s", "*", "f", "v") == bulk("1700000000005-0"));
  CHECK(h.run("XADD", "s", "1700000000005-*", "f", "v") == bulk("1700000000005-1"));
  CHECK(h.run("XADD", "s", "1700000000009-*", "f", "v") == bulk("1700000000009-0"));
  CHECK(h.run("XADD", "zero", "0-*", "f", "v") == bulk("0-1"));
  CHECK(h.propagated() == Lines{"XADD s 1700000000000-0 f v", "XADD s 1700000000000-1 f v",
                                "XADD s 1700000000005-0 f v", "XADD s 1700000000005-1 f v",
                                "XADD s 1700000000009-0 f v", "XADD zero 0-1 f v"});
}

TEST_CASE("XADD: ids that do not grow, or cannot, are refused") {
  Harness h;
  CHECK(h.run("XADD", "s", "0-0", "f", "v") ==
        error("ERR The ID specified in XADD must be greater than 0-0"));
  CHECK(h.run("EXISTS", "s") == integer(0));
  h.run("XADD", "s", "5-5", "f", "v");
  CHECK(h.run("XADD", "s", "5-5", "f", "v") == error(kNotGreater));
  CHECK(h.run("XADD", "s", "4-*", "f", "v") == error(kNotGreater));
  CHECK(h.run("XADD", "s", "x", "f", "v") == error(kInvalidId));
  const std::string last = "18446744073709551615";
  h.run("XADD", "s", "7-" + last, "f", "v");
  CHECK(h.run("XADD", "s", "7-*", "f", "v") == error(kNotGreater));
  CHECK(h.run("XADD", "s", last + "-" + last, "f", "v") == bulk(last + "-" + last));
  for (const std::string id : {"*", "5-1", "8-*"}) {
    CHECK(h.run("XADD", "s", id, "f", "v") ==
          error("ERR The stream has exhausted the last possible ID, unable to add more items"));
  }
}

TEST_CASE("XADD: the order of refusals is Redis's") {
  Harness h;
  h.run("SELECT", "0");
  h.run("XADD", "s", "1-1", "f", "v");
  const resp::Value arity = error("ERR wrong number of arguments for 'xadd' command");
  CHECK(h.run("XADD", "s", "*", "f") == arity);
  CHECK(h.run("XADD", "s", "*", "f", "v", "g") == arity);
  CHECK(h.run("XADD", "s", "MAXLEN", "3", "NOMKSTREAM") == arity);
  CHECK(h.run("XADD", "s", "LIMIT", "5", "7-1", "f", "v") ==
        error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"));
  CHECK(h.run("XADD", "s", "LIMIT", "0", "7-1", "f", "v") ==
        error("ERR syntax error, LIMIT cannot be used without the special ~ option"));
  CHECK(h.run("XADD", "s", "MAXLEN", "3", "LIMIT", "5", "7-1", "f", "v") ==
        error("ERR syntax error, LIMIT cannot be used without the special ~ option"));
  CHECK(h.run("XADD", "s", "MAXLEN", "~", "3", "LIMIT", "-1", "7-1", "f", "v") ==
        error("ERR The LIMIT argument must be >= 0."));
  CHECK(h.run("XADD", "s", "MAXLEN", "-3", "7-1", "f", "v") ==
        error("ERR The MAXLEN argument must be >= 0."));
  CHECK(h.run("XADD", "s", "MAXLEN", "x", "7-1", "f", "v") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("XADD", "s", "MINID", "x", "7-1", "f", "v") == error(kInvalidId));
  CHECK(h.run("XADD", "s", "MINID", "3", "MAXLEN", "4", "7-1", "f", "v") ==
        error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible"));
}

TEST_CASE("XADD: NOMKSTREAM answers null without the key, and works with it") {
  Harness h;
  CHECK(h.run("XADD", "s", "NOMKSTREAM", "1-1", "f", "v") == null());
  CHECK(h.propagated().empty());
  h.run("XADD", "s", "1-1", "f", "v");
  CHECK(h.run("XADD", "s", "nomkstream", "1-2", "f", "v") == bulk("1-2"));
}

TEST_CASE("XADD: trims exactly by length and by id, with both events in order") {
  Harness h;
  h.configure("notify-keyspace-events", "Et");
  for (const std::string id : {"1", "2", "3", "4"}) h.run("XADD", "s", id, "f", "v");
  h.propagated();
  h.events();
  CHECK(h.run("XADD", "s", "MAXLEN", "2", "5", "f", "v") == bulk("5-0"));
  CHECK(h.text("XRANGE", "s", "-", "+") == "[[\"4-0\", [\"f\", \"v\"]], [\"5-0\", [\"f\", \"v\"]]]");
  CHECK(h.events() == Lines{"__keyevent@0__:xadd s", "__keyevent@0__:xtrim s"});
  CHECK(h.run("XADD", "s", "MINID", "=", "6-0", "5-*", "f", "v") == bulk("5-1"));
  CHECK(h.run("XLEN", "s") == integer(0));
  CHECK(h.run("EXISTS", "s") == integer(1));
  CHECK(h.propagated() == Lines{"XADD s MAXLEN 2 5 f v", "XADD s MINID = 6-0 5-1 f v"});
}

TEST_CASE("XADD: an approximate trim cuts whole blocks, and is logged as the cut it was") {
  Harness h;
  h.configure("stream-node-max-entries", "2");
  for (const std::string id : {"1", "2", "3", "4", "5"}) h.run("XADD", "s", id, "f", "v");
  h.propagated();
  CHECK(h.run("XADD", "s", "MAXLEN", "~", "3", "6", "f", "v") == bulk("6-0"));
  CHECK(h.run("XLEN", "s") == integer(4));
  CHECK(h.run("XADD", "s", "MINID", "~", "6", "7", "f", "v") == bulk("7-0"));
  CHECK(h.run("XADD", "s", "MAXLEN", "~", "100", "8", "f", "v") == bulk("8-0"));
  CHECK(h.propagated() == Lines{"XADD s MAXLEN = 4 6-0 f v", "XADD s MINID = 5-0 7-0 f v", "XADD s 8-0 f v"});
}

TEST_CASE("XADD: another type is refused after the id was read") {
  Harness h;
  h.run("XADD", "s", "1", "f", "v");
  h.run("COPY", "s", "t");
  CHECK(h.run("XADD", "t", "bad", "f", "v") == error(kInvalidId));
  CHECK(h.run("XADD", "t", "2", "f", "v") == bulk("2-0"));
  CHECK(h.run("XLEN", "s") == integer(1));
}

TEST_CASE("XTRIM: tells how many went, by both strategies, within its limit") {
  Harness h;
  h.configure("stream-node-max-entries", "2");
  for (int i = 1; i <= 9; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
  h.propagated();
  CHECK(h.run("XTRIM", "s", "MAXLEN", "~", "1", "LIMIT", "3") == integer(2));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "~", "1", "LIMIT", "1") == integer(0));
  CHECK(h.run("XTRIM", "s", "MINID", "~", "6") == integer(2));
  CHECK(h.run("XTRIM", "s", "MINID", "7") == integer(2));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "=", "2") == integer(1));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "5") == integer(0));
  CHECK(h.run("XTRIM", "nokey", "MAXLEN", "5") == integer(0));
  CHECK(h.propagated() ==
        Lines{"XTRIM s MAXLEN = 7", "XTRIM s MINID = 5-0", "XTRIM s MINID = 7", "XTRIM s MAXLEN = 2"});
}

TEST_CASE("XTRIM: a block without entries goes as in Redis, answered by 0, and the log is told") {
  Harness h;
  h.configure("stream-node-max-entries", "2");
  // How many blocks there are when nothing but the deleted 2-0 was left of the first.
  const auto blocks_after = [&h](std::initializer_list<const char*> words) {
    h.run("DEL", "s");
    for (int i = 1; i <= 4; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
    h.run("XDEL", "s", "2");
    h.run("XTRIM", "s", "MINID", "2");
    REQUIRE(h.run("XINFO", "STREAM", "s").children.at(3) == integer(2));
    h.propagated();
    h.first().send_words(std::vector<std::string>(words.begin(), words.end()));
    CHECK(h.first().reply() == integer(0));
    return h.run("XINFO", "STREAM", "s").children.at(3);
  };
  CHECK(blocks_after({"XTRIM", "s", "MAXLEN", "2"}) == integer(2));
  CHECK(h.propagated() == Lines{});
  CHECK(blocks_after({"XTRIM", "s", "MAXLEN", "~", "1"}) == integer(1));
  CHECK(h.propagated() == Lines{"#SLUICE XTRIM s MAXLEN ~ 1 LIMIT 1"});
  CHECK(blocks_after({"XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "1"}) == integer(1));
  CHECK(h.propagated() == Lines{"#SLUICE XTRIM s MAXLEN ~ 0 LIMIT 1"});
  CHECK(blocks_after({"XTRIM", "s", "MINID", "~", "3-0"}) == integer(1));
  CHECK(h.propagated() == Lines{"#SLUICE XTRIM s MINID ~ 3-0 LIMIT 1"});
  CHECK(blocks_after({"XTRIM", "s", "MINID", "3-0"}) == integer(1));
  CHECK(h.propagated() == Lines{"XTRIM s MINID = 3-0"});
}

TEST_CASE("XTRIM: without LIMIT an approximate trim removes at most a hundred blocks") {
  Harness h;
  h.configure("stream-node-max-entries", "2");
  for (int i = 1; i <= 500; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
  CHECK(h.run("XTRIM", "s", "MAXLEN", "~", "0") == integer(200));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "0") == integer(300));
  CHECK(h.propagated().back() == "XTRIM s MAXLEN = 0");
}

TEST_CASE("XTRIM: refuses what it cannot read") {
  Harness h;
  CHECK(h.run("XTRIM", "s", "FOO", "1") == error("ERR syntax error"));
  CHECK(h.run("XTRIM", "s", "MAXLEN", "1", "FOO") == error("ERR syntax error"));
  CHECK(h.run("XTRIM", "s", "NOMKSTREAM", "MAXLEN", "1") == error("ERR syntax error"));
  CHECK(h.run("XTRIM", "s", "LIMIT", "0") ==
        error("ERR syntax error, XTRIM must be called with a trimming strategy"));
  CHECK(h.run("XTRIM", "s", "LIMIT", "5") ==
        error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"));
}

TEST_CASE("XDEL: deletes what is there, and nothing when an id is bad") {
  Harness h;
  h.configure("notify-keyspace-events", "Et");
  for (const std::string id : {"1", "2", "3"}) h.run("XADD", "s", id, "f", "v");
  h.propagated();
  h.events();
  CHECK(h.run("XDEL", "s", "1", "x") == error(kInvalidId));
  CHECK(h.run("XDEL", "s", "9") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("XDEL", "s", "1", "1", "3-0") == integer(2));
  CHECK(h.events() == Lines{"__keyevent@0__:xdel s"});
  CHECK(h.propagated() == Lines{"XDEL s 1 1 3-0"});
  CHECK(h.run("XDEL", "nokey", "x") == integer(0));
  CHECK(h.run("XLEN", "s") == integer(1));
}

TEST_CASE("XSETID: moves the last id, never below what was there") {
  Harness h;
  CHECK(h.run("XSETID", "s", "5") == error("ERR no such key"));
  h.run("XADD", "s", "3-3", "f", "v");
  CHECK(h.run("XSETID", "s", "3-2") ==
        error("ERR The ID specified in XSETID is smaller than the target stream top item"));
  CHECK(h.run("XSETID", "s", "9-9") == status("OK"));
  CHECK(h.run("XADD", "s", "9-*", "f", "v") == bulk("9-10"));
  h.run("XDEL", "s", "9-10");
  CHECK(h.run("XSETID", "s", "9-9") ==
        error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"));
  CHECK(h.run("XSETID", "s", "9-10", "ENTRIESADDED", "0") ==
        error("ERR The entries_added specified in XSETID is smaller than the target stream length"));
  CHECK(h.run("XSETID", "s", "9-10", "ENTRIESADDED", "-1") == error("ERR entries_added must be positive"));
  CHECK(h.run("XSETID", "s", "9-10", "ENTRIESADDED", "7", "MAXDELETEDID", "10") ==
        error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"));
  CHECK(h.run("XSETID", "s", "9-11", "ENTRIESADDED", "7", "MAXDELETEDID", "9-11") == status("OK"));
  CHECK(h.run("XSETID", "s", "9-11", "FOO") == error("ERR syntax error"));
  CHECK(h.run("XSETID", "s", "-") == error(kInvalidId));
  CHECK(h.propagated().back() == "XSETID s 9-11 ENTRIESADDED 7 MAXDELETEDID 9-11");
}

TEST_CASE("Streams: binary and empty fields come back as they went in") {
  Harness h;
  const std::string odd("\0\r\n\xff", 4);
  h.run("XADD", "s", "1", "", odd, odd, "", "n", "12");
  CHECK(h.run("XRANGE", "s", "-", "+") ==
        array({array({bulk("1-0"), bulks({"", odd, odd, "", "n", "12"})})}));
}

TEST_CASE("Streams: the log rebuilds the same state") {
  Harness h;
  h.configure("stream-node-max-entries", "3");
  for (int i = 0; i < 20; ++i) {
    h.run("XADD", "s", "MAXLEN", "~", "7", "*", "f", std::to_string(i));
    h.run("XADD", "t", "MINID", "~", std::to_string(i), std::to_string(i + 1), "f", "v");
    if (i % 3 == 0) h.run("XDEL", "t", std::to_string(i));
  }
  h.run("XTRIM", "s", "MAXLEN", "~", "2");
  Harness copy;
  client::Client loader(99);
  loader.set(client::kLoader);
  resp::Parser parser;
  base::ByteView rest = h.sink.wire;
  while (!rest.empty()) {
    REQUIRE(parser.next(rest, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
    const auto done = copy.executor.replay(loader, parser.args());
    REQUIRE_MESSAGE(done.ok(), (done.ok() ? "" : done.error().message));
    rest.remove_prefix(parser.consumed());
  }
  CHECK(copy.digest() == h.digest());
}

TEST_CASE("Streams: a log that Redis wrote keeps LIMIT beside an exact trim, which is no error") {
  Harness h;
  client::Client loader(99);
  h.run("XADD", "s", "1", "f", "v");
  const std::vector<base::ByteView> words = {"XTRIM", "s", "MAXLEN", "=", "0", "LIMIT", "100"};
  CHECK(h.executor.replay(loader, words).ok());
  CHECK(h.run("XLEN", "s") == integer(0));
}

}  // namespace sluice::test
