// XADDAT XDELAYED XUNDELAY XTTLRECORD, and what they make happen later. Nobody else has these commands: what
// is expected here is their specification.
#include "commands/stream_delayed.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "commands/dead_letter.h"
#include "keyspace/value.h"
#include "resp/extension.h"
#include "resp/parser.h"
#include "support/harness.h"
#include "types/delayed_entries.h"

namespace sluice::test {

namespace {

using std::chrono::milliseconds;

// The harness begins at 1700000000000.
std::string at(int64_t ms) {
  return std::to_string(1'700'000'000'000 + ms);
}

resp::Value delayed(const std::string& ticket, int64_t due_ms, const std::vector<std::string>& fields) {
  return array({bulk(ticket), integer(1'700'000'000'000 + due_ms), bulks(fields)});
}

resp::Value entry(const std::string& id, const std::vector<std::string>& fields) {
  return array({bulk(id), bulks(fields)});
}

keyspace::Entry& key_of(Harness& h, const std::string& key) {
  keyspace::Entry* const found = h.keyspace.database(0).find(key);
  REQUIRE(found != nullptr);
  return *found;
}

size_t deadlines(Harness& h) {
  return h.keyspace.deadlines().size();
}

// What was logged, without what happens by itself meanwhile, and where that leads.
std::string replayed(const Harness& h) {
  Harness again;
  again.clock.advance_us(h.clock.unix_us() - again.clock.unix_us());
  client::Client& loader = again.client().client;
  resp::Parser parser;
  base::Bytes hidden;
  base::ByteView rest = h.sink.wire;
  while (!rest.empty()) {
    if (rest[0] == '#') {
      const size_t end = rest.find("\r\n");
      const auto line = resp::parse_extension(rest.substr(0, end));
      REQUIRE(line);
      hidden += line->bytes;
      rest.remove_prefix(end + 2);
      if (line->continues) continue;
      REQUIRE(parser.next(hidden, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
      REQUIRE(again.executor.replay(loader, parser.args()).ok());
      hidden.clear();
      continue;
    }
    REQUIRE(parser.next(rest, resp::ParserLimits{}) == resp::Parser::Status::kRequest);
    REQUIRE(again.executor.replay(loader, parser.args()).ok());
    rest.remove_prefix(parser.consumed());
  }
  return again.digest();
}

}  // namespace

TEST_CASE("XADDAT: an entry waits unseen, and is appended when it is due") {
  Harness h;
  CHECK(h.run("XADDAT", "s", "AT", at(50), "f", "v", "g", "w") == bulk(at(50) + "-1"));
  CHECK(h.run("XADDAT", "s", "IN", "20", "f", "2") == bulk(at(20) + "-2"));
  CHECK(h.propagated() == Lines{"#SLUICE XADDAT s AT " + at(50) + " ID " + at(50) + "-1 f v g w",
                                "#SLUICE XADDAT s AT " + at(20) + " ID " + at(20) + "-2 f 2"});
  CHECK(h.run("XLEN", "s") == integer(0));
  CHECK(h.run("XRANGE", "s", "-", "+") == array({}));
  CHECK(h.run("TYPE", "s") == status("stream"));
  CHECK(h.run("XDELAYED", "s") ==
        array({delayed(at(20) + "-2", 20, {"f", "2"}), delayed(at(50) + "-1", 50, {"f", "v", "g", "w"})}));
  h.advance(milliseconds(19));
  CHECK(h.run("XLEN", "s") == integer(0));
  h.advance(milliseconds(1));
  CHECK(h.run("XRANGE", "s", "-", "+") == array({entry(at(20) + "-0", {"f", "2"})}));
  CHECK(h.propagated() ==
        Lines{"MULTI", "XADD s " + at(20) + "-0 f 2", "#SLUICE XUNDELAY s " + at(20) + "-2", "EXEC"});
  h.advance(milliseconds(30));
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(h.run("XDELAYED", "s") == array({}));
  CHECK(deadlines(h) == 0);
}

TEST_CASE("XADDAT: what is due at once is an ordinary entry, and its ticket is its id") {
  Harness h;
  CHECK(h.run("XADDAT", "s", "f", "v") == bulk(at(0) + "-0"));
  CHECK(h.run("XADDAT", "s", "AT", at(0), "f", "v") == bulk(at(0) + "-1"));
  CHECK(h.run("XADDAT", "s", "AT", "5", "ID", "mine", "f", "v") == bulk("mine"));
  CHECK(h.run("XADDAT", "s", "IN", "0", "MAXLEN", "2", "f", "v") == bulk(at(0) + "-3"));
  CHECK(h.propagated() == Lines{"XADD s " + at(0) + "-0 f v", "XADD s " + at(0) + "-1 f v",
                                "XADD s " + at(0) + "-2 f v", "XADD s MAXLEN = 2 " + at(0) + "-3 f v"});
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(keyspace::get_if<types::Stream>(key_of(h, "s").value)->delayed() == nullptr);
}

TEST_CASE("XADDAT: entries of one moment are appended in the order of their arrival, in one unit") {
  Harness h;
  for (const std::string value : {"a", "b", "c"}) h.run("XADDAT", "s", "IN", "10", "f", value);
  h.run("XADDAT", "s", "IN", "9", "f", "first");
  h.propagated();
  h.advance(milliseconds(10));
  CHECK(h.run("XRANGE", "s", "-", "+") ==
        array({entry(at(10) + "-0", {"f", "first"}), entry(at(10) + "-1", {"f", "a"}),
               entry(at(10) + "-2", {"f", "b"}), entry(at(10) + "-3", {"f", "c"})}));
  CHECK(h.propagated() ==
        Lines{"MULTI", "XADD s " + at(10) + "-0 f first", "XADD s " + at(10) + "-1 f a",
              "XADD s " + at(10) + "-2 f b", "XADD s " + at(10) + "-3 f c",
              "#SLUICE XUNDELAY s " + at(9) + "-4 " + at(10) + "-1 " + at(10) + "-2 " + at(10) + "-3",
              "EXEC"});
}

TEST_CASE("XADDAT: a ticket that waits is taken, and nothing changes") {
  Harness h;
  const std::string binary("\0\r\n\xff", 4);
  CHECK(h.run("XADDAT", "s", "IN", "10", "ID", binary, "f", "1") == bulk(binary));
  h.propagated();
  CHECK(h.run("XADDAT", "s", "IN", "99", "ID", binary, "f", "2") == null());
  CHECK(h.run("XADDAT", "s", "ID", binary, "f", "2") == null());
  CHECK(h.propagated() == Lines{});
  CHECK(h.run("XDELAYED", "s") == array({delayed(binary, 10, {"f", "1"})}));
  h.advance(milliseconds(10));
  // It waits no longer.
  CHECK(h.run("XADDAT", "s", "IN", "10", "ID", binary, "f", "3") == bulk(binary));
  CHECK(h.run("XADDAT", "s", "IN", "10", "ID", std::string(255, 't'), "f", "3") ==
        bulk(std::string(255, 't')));
}

TEST_CASE("XADDAT: trims are done when the entry is appended") {
  Harness h;
  for (int i = 1; i <= 5; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
  h.run("XADDAT", "s", "MAXLEN", "2", "IN", "10", "f", "v");
  h.run("XADDAT", "s", "MINID", "~", "5", "LIMIT", "7", "DELREF", "IN", "20", "f", "v");
  h.run("XADDAT", "s", "ACKED", "MINID", "=", at(20), "IN", "30", "f", "v");
  CHECK(h.run("XLEN", "s") == integer(5));
  const Lines lines = h.propagated();
  CHECK(lines[lines.size() - 3] ==
        "#SLUICE XADDAT s AT " + at(10) + " ID " + at(10) + "-1 MAXLEN = 2 KEEPREF f v");
  CHECK(lines[lines.size() - 2] ==
        "#SLUICE XADDAT s AT " + at(20) + " ID " + at(20) + "-2 MINID ~ 5-0 LIMIT 7 DELREF f v");
  CHECK(lines[lines.size() - 1] ==
        "#SLUICE XADDAT s AT " + at(30) + " ID " + at(30) + "-3 MINID = " + at(20) + "-0 ACKED f v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "4", "STREAMS", "s", ">");
  h.run("XACK", "s", "g", "3", "4");
  h.configure("notify-keyspace-events", "KEA");
  h.propagated();
  h.advance(milliseconds(10));
  CHECK(h.events() == Lines{"__keyspace@0__:s xadd", "__keyevent@0__:xadd s", "__keyspace@0__:s xtrim",
                            "__keyevent@0__:xtrim s"});
  CHECK(h.propagated() == Lines{"MULTI", "XADD s MAXLEN = 2 " + at(10) + "-0 f v",
                                "#SLUICE XUNDELAY s " + at(10) + "-1", "EXEC"});
  CHECK(h.run("XLEN", "s") == integer(2));
  h.advance(milliseconds(20));
  // 5-0 and what came at 10 and 20 were delivered to nobody: ACKED spares them.
  CHECK(h.run("XLEN", "s") == integer(4));
  CHECK(replayed(h) == h.digest());
}

TEST_CASE("XADDAT: NOMKSTREAM, wrong types and bad words") {
  Harness h;
  CHECK(h.run("XADDAT", "s", "NOMKSTREAM", "IN", "10", "f", "v") == null());
  CHECK(h.run("XADDAT", "s", "NOMKSTREAM", "f", "v") == null());
  CHECK(h.run("EXISTS", "s") == integer(0));
  h.run("SET", "k", "v");
  const std::string wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
  for (const std::string command : {"XADDAT", "XUNDELAY"})
    CHECK(h.run(command, "k", "f", "v") == error(wrong_type));
  CHECK(h.run("XDELAYED", "k") == error(wrong_type));
  CHECK(h.run("XTTLRECORD", "k", "1-1", "5") == error(wrong_type));
  const std::string arity = "ERR wrong number of arguments for 'xaddat' command";
  CHECK(h.run("XADDAT", "s", "f") == error(arity));
  CHECK(h.run("XADDAT", "s", "IN", "10") == error(arity));
  CHECK(h.run("XADDAT", "s", "IN", "10", "f", "v", "g") == error(arity));
  const std::string no_id = "ERR XADDAT takes no entry ID: the entry gets one when it is appended";
  for (const std::string id : {"*", "5-1", "5-*", "5"}) {
    CHECK(h.run("XADDAT", "s", "IN", "10", id, "f", "v") == error(no_id));
    // A name like any other.
    CHECK(h.run("XADDAT", "t", "IN", "10", id, "v").kind == resp::Kind::kBulk);
  }
  CHECK(
      h.run("XADDAT", "s", "IDMP", "p", "i", "f", "v") ==
      error("ERR XADDAT takes no IDMP/IDMPAUTO: a ticket given by ID is known until its entry is appended"));
  CHECK(
      h.run("XADDAT", "s", "IDMPAUTO", "p", "f", "v") ==
      error("ERR XADDAT takes no IDMP/IDMPAUTO: a ticket given by ID is known until its entry is appended"));
  const std::string twice = "ERR syntax error, AT and IN say when once, and not both";
  CHECK(h.run("XADDAT", "s", "AT", "1", "IN", "1", "f", "v") == error(twice));
  CHECK(h.run("XADDAT", "s", "AT", "1", "AT", "1", "f", "v") == error(twice));
  const std::string no_integer = "ERR value is not an integer or out of range";
  for (const std::string option : {"AT", "IN", "TTL"}) {
    CHECK(h.run("XADDAT", "s", option, "1.5", "f", "v") == error(no_integer));
  }
  const std::string moment = "ERR AT must be a unix time in milliseconds within range";
  CHECK(h.run("XADDAT", "s", "AT", "-1", "f", "v") == error(moment));
  CHECK(h.run("XADDAT", "s", "AT", "70368744177664", "f", "v") == error(moment));
  const std::string span = "ERR IN must be a number of milliseconds within range, 0 or more";
  CHECK(h.run("XADDAT", "s", "IN", "-1", "f", "v") == error(span));
  CHECK(h.run("XADDAT", "s", "IN", "9223372036854775807", "f", "v") == error(span));
  const std::string ttl = "ERR TTL must be a positive number of milliseconds within range";
  CHECK(h.run("XADDAT", "s", "TTL", "0", "f", "v") == error(ttl));
  CHECK(h.run("XADDAT", "s", "TTL", "70368744177664", "f", "v") == error(ttl));
  const std::string ticket = "ERR ID must be a ticket of 1 to 255 bytes";
  CHECK(h.run("XADDAT", "s", "ID", "", "f", "v") == error(ticket));
  CHECK(h.run("XADDAT", "s", "ID", std::string(256, 't'), "f", "v") == error(ticket));
  CHECK(h.run("XADDAT", "s", "LIMIT", "5", "f", "v") ==
        error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"));
  CHECK(h.run("EXISTS", "s") == integer(0));
}

TEST_CASE("XADDAT: at the ends of what is possible") {
  Harness h;
  CHECK(h.run("XADDAT", "s", "AT", "70368744177663", "TTL", "70368744177663", "", "") ==
        bulk("70368744177663-1"));
  h.advance(std::chrono::hours(1));
  CHECK(h.run("XDELAYED", "s") ==
        array({array({bulk("70368744177663-1"), integer(70368744177663), bulks({"", ""})})}));
  // Once the ids are exhausted nothing can be appended: what waits goes on waiting, and is not lost.
  h.run("XADDAT", "t", "IN", "10", "f", "v");
  h.run("XSETID", "t", "18446744073709551615-18446744073709551615");
  h.propagated();
  h.advance(milliseconds(100));
  CHECK(h.propagated() == Lines{});
  CHECK(h.run("XADDAT", "t", "f", "v") ==
        error("ERR The stream has exhausted the last possible ID, unable to add more items"));
  CHECK(h.run("XADDAT", "t", "IN", "1", "f", "v").kind == resp::Kind::kBulk);
  CHECK(h.run("XSETID", "t", "5-0") == status("OK"));
  h.settle();
  CHECK(h.run("XLEN", "t") == integer(1));
}

TEST_CASE("XADDAT: readers that wait, in a group or not, get what has come") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  Peer& reader = h.client();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  Peer& worker = h.client();
  worker.send("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
  h.run("XADDAT", "s", "IN", "10", "f", "v");
  CHECK(reader.reply_text() == "(nothing)");
  h.run("WATCH", "s");
  h.advance(milliseconds(10));
  const resp::Value expected = array({array({bulk("s"), array({entry(at(10) + "-0", {"f", "v"})})})});
  CHECK(reader.reply() == expected);
  CHECK(worker.reply() == expected);
  h.run("MULTI");
  h.run("PING");
  CHECK(h.run("EXEC") == null_array());
}

TEST_CASE("XADDAT: nothing is appended while active expiry is off, or the disk fails") {
  Harness h;
  h.run("XADDAT", "s", "IN", "10", "f", "v");
  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  h.advance(milliseconds(20));
  CHECK(h.run("XLEN", "s") == integer(0));
  h.run("DEBUG", "SET-ACTIVE-EXPIRE", "1");
  h.state.disk_error = "no space";
  h.settle();
  CHECK(h.run("XLEN", "s") == integer(0));
  h.state.disk_error.clear();
  h.settle();
  CHECK(h.run("XRANGE", "s", "-", "+") == array({entry(at(20) + "-0", {"f", "v"})}));
}

TEST_CASE("XADDAT: within a transaction or a script it is as outside") {
  Harness h;
  h.run("MULTI");
  h.run("XADDAT", "s", "IN", "10", "f", "1");
  h.run("XADDAT", "s", "f", "2");
  CHECK(h.run("EXEC") == array({bulk(at(10) + "-1"), bulk(at(0) + "-0")}));
  CHECK(h.run("EVAL", "return redis.call('XADDAT', KEYS[1], 'IN', '10', 'f', '3')", "1", "s") ==
        bulk(at(10) + "-2"));
  h.advance(milliseconds(10));
  CHECK(h.run("XLEN", "s") == integer(3));
  CHECK(replayed(h) == h.digest());
}

TEST_CASE("XDELAYED: shows so many as are asked for, 100 by itself, by their moments") {
  Harness h;
  for (int i = 0; i < 150; ++i) h.run("XADDAT", "s", "IN", std::to_string(1000 - i), "f", std::to_string(i));
  CHECK(h.run("XDELAYED", "s").children.size() == 100);
  CHECK(h.run("XDELAYED", "s", "COUNT", "1000").children.size() == 150);
  CHECK(h.run("XDELAYED", "s", "COUNT", "1") == array({delayed(at(851) + "-150", 851, {"f", "149"})}));
  CHECK(h.run("XDELAYED", "nothing") == array({}));
  CHECK(h.run("XDELAYED", "s", "COUNT", "0") == error("ERR COUNT must be a positive integer"));
  CHECK(h.run("XDELAYED", "s", "COUNT", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("XDELAYED", "s", "COUNT") == error("ERR syntax error"));
  CHECK(h.run("XDELAYED", "s", "5") == error("ERR syntax error"));
  h.first().resp3();
  CHECK(h.run("XDELAYED", "s", "COUNT", "1") == array({delayed(at(851) + "-150", 851, {"f", "149"})}));
}

TEST_CASE("XUNDELAY: takes back by tickets, chosen or made") {
  Harness h;
  h.run("XADDAT", "s", "IN", "10", "ID", "a", "f", "1");
  h.run("XADDAT", "s", "IN", "10", "f", "2");
  h.run("XADDAT", "s", "IN", "10", "f", "3");
  h.run("XADD", "t", "1-1", "f", "v");
  h.propagated();
  CHECK(h.run("XUNDELAY", "nothing", "a") == integer(0));
  CHECK(h.run("XUNDELAY", "t", "a") == integer(0));
  CHECK(h.run("XUNDELAY", "s", "b", "") == integer(0));
  CHECK(h.propagated() == Lines{});
  h.configure("notify-keyspace-events", "KEA");
  CHECK(h.run("XUNDELAY", "s", "a", "a", "x", at(10) + "-2") == integer(2));
  CHECK(h.propagated() == Lines{"#SLUICE XUNDELAY s a " + at(10) + "-2"});
  CHECK(h.events() == Lines{"__keyspace@0__:s xundelay", "__keyevent@0__:xundelay s"});
  h.advance(milliseconds(10));
  CHECK(h.run("XRANGE", "s", "-", "+") == array({entry(at(10) + "-0", {"f", "3"})}));
  // The key stays, with nothing in it.
  h.run("XADDAT", "u", "IN", "10", "ID", "a", "f", "1");
  CHECK(h.run("XUNDELAY", "u", "a") == integer(1));
  CHECK(h.run("EXISTS", "u") == integer(1));
  CHECK(deadlines(h) == 0);
}

TEST_CASE("XADDAT TTL: an entry that no group has read in time goes") {
  Harness h;
  h.run("XADDAT", "s", "TTL", "100", "f", "now");
  h.run("XADDAT", "s", "IN", "50", "TTL", "100", "f", "later");
  CHECK(h.propagated() == Lines{"MULTI", "XADD s " + at(0) + "-0 f now",
                                "#SLUICE XTTLRECORD s " + at(0) + "-0 " + at(100), "EXEC",
                                "#SLUICE XADDAT s AT " + at(50) + " ID " + at(50) + "-1 TTL 100 f later"});
  h.configure("notify-keyspace-events", "KEA");
  h.advance(milliseconds(50));
  CHECK(h.propagated() == Lines{"MULTI", "XADD s " + at(50) + "-0 f later",
                                "#SLUICE XTTLRECORD s " + at(50) + "-0 " + at(150),
                                "#SLUICE XUNDELAY s " + at(50) + "-1", "EXEC"});
  h.events();
  h.advance(milliseconds(50));
  CHECK(h.run("XLEN", "s") == integer(1));
  CHECK(h.propagated() == Lines{"XDEL s " + at(0) + "-0"});
  CHECK(h.events() == Lines{"__keyspace@0__:s xdel", "__keyevent@0__:xdel s"});
  h.run("XGROUP", "CREATE", "s", "g", "$");
  h.run("XGROUP", "CREATE", "s", "h", at(49));
  h.run("XREADGROUP", "GROUP", "h", "c", "NOACK", "STREAMS", "s", ">");
  h.propagated();
  h.advance(milliseconds(50));
  // One group has read it: it stays, and the log knows that from now on it does.
  CHECK(h.run("XLEN", "s") == integer(1));
  CHECK(h.propagated() == Lines{"#SLUICE XTTLRECORD s " + at(50) + "-0 0"});
  CHECK(deadlines(h) == 0);
  CHECK(replayed(h) == h.digest());
}

TEST_CASE("XADDAT TTL: groups that have not come so far do not keep an entry, one that has it pending does") {
  Harness h;
  h.run("XADD", "s", "1-1", "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.run("XADDAT", "s", "TTL", "10", "f", "a");
  h.run("XADDAT", "s", "TTL", "10", "f", "b");
  h.run("XNACK", "s", "g", "FAIL", "IDS", "1", at(0) + "-1", "FORCE");
  h.advance(milliseconds(10));
  CHECK(h.run("XRANGE", "s", "-", "+") == array({entry("1-1", {"f", "v"}), entry(at(0) + "-1", {"f", "b"})}));
  CHECK(replayed(h) == h.digest());
}

TEST_CASE("XADDAT TTL: what nobody read in time goes to the dead letters of each group that keeps some") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "a", "0", "MKSTREAM");
  h.run("XGROUP", "CREATE", "s", "b", "0");
  h.run("XGROUP", "CREATE", "s", "c", "0");
  h.run("XGROUP", "SETPOLICY", "s", "a", "DLQ", "dead");
  h.run("XGROUP", "SETPOLICY", "s", "c", "DLQ", "lost");
  h.run("XADDAT", "s", "TTL", "100", "f", "v");
  h.propagated();
  h.advance(milliseconds(100));
  CHECK(h.propagated() == Lines{"MULTI",
                                "XADD dead " + at(100) + "-0 f v dlq-key s dlq-id " + at(0) +
                                    "-0 dlq-group a dlq-deliveries 0 dlq-reason expired",
                                "XADD lost " + at(100) + "-0 f v dlq-key s dlq-id " + at(0) +
                                    "-0 dlq-group c dlq-deliveries 0 dlq-reason expired",
                                "XDEL s " + at(0) + "-0", "EXEC"});
  CHECK(h.run("XLEN", "s") == integer(0));
}

TEST_CASE("XADDAT TTL: an entry stays whose copy the dead letters cannot take") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "a", "0", "MKSTREAM");
  h.run("XGROUP", "SETPOLICY", "s", "a", "DLQ", "dead");
  h.run("SET", "dead", "x");
  h.run("XADDAT", "s", "TTL", "100", "f", "v");
  h.propagated();
  h.advance(milliseconds(100));
  CHECK(h.propagated() == Lines{"#SLUICE XTTLRECORD s " + at(0) + "-0 0"});
  CHECK(h.run("XLEN", "s") == integer(1));
}

TEST_CASE("XADDAT TTL: no group gets a copy of an entry that stays for another's sake") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "a", "0", "MKSTREAM");
  h.run("XGROUP", "CREATE", "s", "b", "0");
  h.run("XGROUP", "SETPOLICY", "s", "a", "DLQ", "dead");
  h.run("XGROUP", "SETPOLICY", "s", "b", "DLQ", "broken");
  h.run("SET", "broken", "x");
  h.run("XADDAT", "s", "TTL", "100", "f", "v");
  h.advance(milliseconds(100));
  CHECK(h.run("XLEN", "s") == integer(1));
  CHECK(h.run("EXISTS", "dead") == integer(0));
}

TEST_CASE("XADDAT TTL: big entries that end at once are copied in units of few bytes") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "a", "0", "MKSTREAM");
  h.run("XGROUP", "SETPOLICY", "s", "a", "DLQ", "dead");
  const std::string big(commands::kLetterBytesAtOnce / 2, 'x');
  for (int i = 0; i < 5; ++i) h.run("XADDAT", "s", "TTL", "100", "f", big);
  h.propagated();
  h.advance(milliseconds(100));
  const Lines lines = h.propagated();
  CHECK(std::count(lines.begin(), lines.end(), "EXEC") == 3);
  CHECK(h.run("XLEN", "dead") == integer(5));
  CHECK(h.run("XLEN", "s") == integer(0));
}

TEST_CASE("XADDAT TTL: of an entry that was deleted or trimmed before nothing is left") {
  Harness h;
  h.run("XADDAT", "s", "TTL", "10", "f", "a");
  h.run("XADDAT", "s", "TTL", "10", "f", "b");
  h.run("XADDAT", "s", "TTL", "10", "MAXLEN", "0", "f", "c");
  h.run("XADDAT", "s", "TTL", "20", "f", "d");
  CHECK(h.run("XDEL", "s", at(0) + "-3") == integer(1));
  h.propagated();
  const auto* all = keyspace::get_if<types::Stream>(key_of(h, "s").value)->delayed();
  CHECK(all->expiry_count() == 0);
  h.advance(milliseconds(10));
  CHECK(h.propagated() == Lines{});
  CHECK(deadlines(h) == 0);
  CHECK(replayed(h) == h.digest());
}

TEST_CASE("XADDAT TTL: what a trim deletes behind an entry that stays is as deleted by its id") {
  Harness h;
  h.run("XADD", "s", "1-1", "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XADDAT", "s", "TTL", "10", "f", "a");
  h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  h.run("XACK", "s", "g", at(0) + "-0");
  CHECK(h.run("XTRIM", "s", "MAXLEN", "0", "ACKED") == integer(1));
  CHECK(keyspace::get_if<types::Stream>(key_of(h, "s").value)->delayed()->expiry_count() == 0);
  CHECK(replayed(h) == h.digest());
}

TEST_CASE("XTTLRECORD: notes when an entry goes, moves that moment, and takes it away") {
  Harness h;
  h.run("XADD", "s", "5-1", "f", "v");
  h.run("XADD", "s", "5-2", "f", "v");
  h.propagated();
  CHECK(h.run("XTTLRECORD", "s", "5-1", at(10)) == status("OK"));
  CHECK(h.run("XTTLRECORD", "s", "5-1", at(10)) == status("OK"));
  CHECK(h.propagated() == Lines{"#SLUICE XTTLRECORD s 5-1 " + at(10)});
  CHECK(h.run("XTTLRECORD", "s", "5-2", at(10)) == status("OK"));
  CHECK(h.run("XTTLRECORD", "s", "5-2", "0") == status("OK"));
  CHECK(h.run("XTTLRECORD", "s", "5-3", "0") == status("OK"));
  CHECK(h.run("XTTLRECORD", "s", "5-3", "7") ==
        error("ERR The specified stream ID was deleted or doesn't exist"));
  CHECK(h.run("XTTLRECORD", "nothing", "5-3", "7") == error("ERR no such key"));
  CHECK(h.run("XTTLRECORD", "s", "x", "7") ==
        error("ERR Invalid stream ID specified as stream command argument"));
  CHECK(h.run("XTTLRECORD", "s", "5-1", "-7") ==
        error("ERR AT must be a unix time in milliseconds within range"));
  h.advance(milliseconds(10));
  CHECK(h.run("XRANGE", "s", "-", "+") == array({entry("5-2", {"f", "v"})}));
}

TEST_CASE("Delayed entries: they go along with their key, and go with it") {
  Harness h;
  h.run("XADDAT", "s", "IN", "10", "ID", "a", "TTL", "5", "f", "v");
  h.run("RENAME", "s", "t");
  CHECK(h.run("COPY", "t", "u") == integer(1));
  h.run("MOVE", "t", "3");
  const std::string payload = h.run("DUMP", "u").text;
  CHECK(h.run("RESTORE", "r", "0", payload) == status("OK"));
  CHECK(h.run("XDELAYED", "r") == array({delayed("a", 10, {"f", "v"})}));
  h.run("XADDAT", "gone", "IN", "10", "f", "v");
  h.run("DEL", "gone");
  h.run("XADDAT", "over", "IN", "10", "f", "v");
  h.run("SET", "over", "v");
  h.run("XADDAT", "short", "IN", "10", "f", "v");
  h.run("PEXPIRE", "short", "10");
  CHECK(deadlines(h) == 5);
  h.advance(milliseconds(10));
  CHECK(h.run("XLEN", "u") == integer(1));
  CHECK(h.run("XLEN", "r") == integer(1));
  CHECK(h.run("EXISTS", "gone", "short") == integer(0));
  h.advance(milliseconds(5));
  CHECK(h.run("XLEN", "u") == integer(0));
  h.run("SELECT", "3");
  CHECK(h.run("XLEN", "t") == integer(0));
  h.run("XADDAT", "t", "IN", "10", "f", "v");
  h.run("FLUSHDB");
  h.advance(milliseconds(10));
  CHECK(deadlines(h) == 0);
}

TEST_CASE("Delayed entries: many that are due at once are appended in bounded units, and none is lost") {
  Harness h;
  constexpr int kMany = 1000;
  for (int i = 0; i < kMany; ++i) {
    h.run("XADDAT", "s", "IN", std::to_string(1 + i % 10), "TTL", "1000", "f", std::to_string(i));
  }
  h.propagated();
  h.advance(milliseconds(10));
  CHECK(h.run("XLEN", "s") == integer(kMany));
  size_t in_unit = 0;
  size_t units = 0;
  for (const std::string& line : h.propagated()) {
    if (line == "MULTI") in_unit = 0;
    if (line.rfind("XADD ", 0) == 0) ++in_unit;
    if (line != "EXEC") continue;
    CHECK(in_unit <= commands::kDelayedAtOnce);
    ++units;
  }
  CHECK(units == (kMany + commands::kDelayedAtOnce - 1) / commands::kDelayedAtOnce);
  h.advance(milliseconds(1000));
  CHECK(h.run("XLEN", "s") == integer(0));
  CHECK(replayed(h) == h.digest());
  // Big ones are fewer.
  const std::string big(commands::kDelayedBytesAtOnce / 2, 'x');
  for (int i = 0; i < 5; ++i) h.run("XADDAT", "b", "IN", "5", "f", big);
  h.propagated();
  h.advance(milliseconds(5));
  CHECK(h.run("XLEN", "b") == integer(5));
  const Lines lines = h.propagated();
  CHECK(std::count(lines.begin(), lines.end(), "EXEC") == 3);
}

TEST_CASE("Delayed entries: what the log has waits until it is loaded, whatever time it is") {
  Harness h;
  h.run("XADDAT", "s", "IN", "10", "f", "v");
  h.run("XADDAT", "s", "IN", "10", "ID", "t", "MAXLEN", "~", "3", "f", "v");
  const std::string before = h.digest();
  CHECK(before.find("delayed") != std::string::npos);
  h.clock.advance_us(1'000'000);
  CHECK(replayed(h) == before);
}

TEST_CASE("XADDAT TTL: moments of what a trim cut are forgotten with it, those of a big cut soon after") {
  Harness h;
  const auto expiries = [&h] {
    return keyspace::get_if<types::Stream>(key_of(h, "s").value)->delayed()->expiry_count();
  };
  for (int i = 0; i < 3000; ++i) h.run("XADDAT", "s", "TTL", "86400000", "MAXLEN", "=", "10", "f", "v");
  CHECK(expiries() == 10);
  for (int i = 0; i < 5000; ++i) h.run("XADDAT", "s", "TTL", "86400000", "f", "v");
  h.run("XADDAT", "s", "IN", "1000", "ID", "later", "f", "v");
  h.propagated();
  h.run("XTRIM", "s", "MAXLEN", "10");
  CHECK(expiries() > 10);
  CHECK(expiries() < 5010);
  h.settle();
  CHECK(expiries() == 10);
  CHECK(h.propagated() == Lines{"XTRIM s MAXLEN = 10"});
  h.run("XTRIM", "s", "MAXLEN", "0");
  CHECK(expiries() == 0);
  CHECK(h.run("XUNDELAY", "s", "later") == integer(1));
  CHECK(deadlines(h) == 0);
}

TEST_CASE("XADDAT TTL: it begins when the entry was due, however late the entry comes") {
  Harness h;
  h.run("XADDAT", "s", "IN", "50", "TTL", "100", "f", "v");
  h.propagated();
  h.advance(milliseconds(80));
  CHECK(h.propagated()[2] == "#SLUICE XTTLRECORD s " + at(80) + "-0 " + at(150));
  h.advance(milliseconds(70));
  CHECK(h.run("XLEN", "s") == integer(0));
}

}  // namespace sluice::test
