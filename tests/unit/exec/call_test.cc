#include "exec/call.h"

#include <doctest/doctest.h>

#include "resp/parser.h"
#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

// Sends one request as a connection would, so that big arguments arrive in buffers of their own. Returns
// where the last argument's bytes were.
const char* send_through_parser(Harness& h, const std::vector<std::string>& words) {
  const std::vector<base::ByteView> views(words.begin(), words.end());
  base::Bytes wire;
  exec::append_command(wire, views);
  resp::Parser parser;
  const size_t head = wire.size() - words.back().size() - 2;
  REQUIRE(parser.next(base::ByteView(wire).substr(0, head + 10), {}) == resp::Parser::Status::kNeedMore);
  const base::Bytes carry(parser.carry());
  base::ByteView rest = base::ByteView(wire).substr(head + 10);
  for (auto room = parser.big_room(); !room.empty(); room = parser.big_room()) {
    const size_t part = std::min(room.size(), rest.size());
    rest.copy(room.data(), part);
    parser.big_filled(part);
    rest.remove_prefix(part);
  }
  const base::Bytes input = carry + base::Bytes(rest);
  REQUIRE(parser.next(input, {}) == resp::Parser::Status::kRequest);
  REQUIRE(parser.is_big(words.size() - 1));
  const char* bytes = parser.args().back().data();
  h.executor.submit(h.first().client, {parser.args(), parser.wire(), &parser});
  return bytes;
}

const types::List& list_at(Harness& h, const char* key) {
  return *keyspace::get_if<types::List>(h.keyspace.database(0).find(key)->value);
}

}  // namespace

TEST_CASE("Call: a big argument is adopted by the value, and still logged") {
  Harness h;
  const std::string big(300'000, 'x');
  const char* bytes = send_through_parser(h, {"RPUSH", "q", big});
  CHECK(h.first().reply() == integer(1));
  CHECK(static_cast<const void*>(list_at(h, "q").front().text.data()) == bytes);
  CHECK(list_at(h, "q").front().text == big);
  CHECK(h.propagated() == Lines{"RPUSH q " + big});
}

TEST_CASE("Call: a big argument that the value copies is logged as it was") {
  Harness h;
  h.configure("list-max-listpack-size", "-5");
  const std::string big(40'000, 'y');
  send_through_parser(h, {"RPUSH", "q", big});
  CHECK(h.first().reply() == integer(1));
  CHECK(list_at(h, "q").front().text == big);
  CHECK(h.propagated() == Lines{"RPUSH q " + big});
}

TEST_CASE("Call: a command is logged as received but for one argument, whole or in pieces") {
  Harness h;
  const auto submit = [&](const std::vector<std::string>& words) {
    const std::vector<base::ByteView> views(words.begin(), words.end());
    base::Bytes wire;
    exec::append_command(wire, views);
    resp::Parser parser;
    REQUIRE(parser.next(wire, {}) == resp::Parser::Status::kRequest);
    REQUIRE_FALSE(parser.wire().empty());
    h.executor.submit(h.first().client, {parser.args(), parser.wire(), &parser});
  };
  submit({"xadd", "s", "*", "f", "v\r\n"});
  submit({"XADD", "s", "1700000000000-*", "", "1"});
  h.run("XADD", "s", "*", "g", "w");
  REQUIRE(h.table.rename("XADD", "put").ok());
  submit({"put", "s", "*", "h", "x"});
  CHECK(h.propagated() == Lines{R"(xadd s 1700000000000-0 f "v\x0d\x0a")", R"(XADD s 1700000000000-1 "" 1)",
                                "XADD s 1700000000000-2 g w", "xadd s 1700000000000-3 h x"});
}

TEST_CASE("Call: what nobody keeps is not recorded") {
  Harness h;
  h.settings.keeps_records = false;
  CHECK(h.run("XADD", "s", "MAXLEN", "1", "*", "f", "v") == bulk("1700000000000-0"));
  h.settings.keeps_records = true;
  CHECK(h.run("XADD", "s", "*", "f", "v") == bulk("1700000000000-1"));
  CHECK(h.propagated() == Lines{"XADD s 1700000000000-1 f v"});
}

TEST_CASE("Call: views count hits and misses, edits do not") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("LLEN", "q");
  h.run("LLEN", "none");
  h.run("LPOP", "none");
  CHECK(h.stats.keyspace_hits == 1);
  CHECK(h.stats.keyspace_misses == 1);
  CHECK(h.run("HGET", "q", "f").is_error());  // found, though of no use
  CHECK(h.stats.keyspace_hits == 2);
}

TEST_CASE("Call: a miss is announced to who asked for that, a miss of a write is not") {
  Harness h;
  h.configure("notify-keyspace-events", "Em");
  h.run("LLEN", "none");
  CHECK(h.events() == Lines{"__keyevent@0__:keymiss none"});
  h.run("LPOP", "none");
  h.run("RPUSH", "q", "a");
  h.run("LLEN", "q");
  CHECK(h.events().empty());
}

TEST_CASE("Call: fail replies the error and counts it, once") {
  Harness h;
  h.run("LSET", "none", "0", "x");
  CHECK(h.stats.error_replies == 1);
  CHECK(h.stats.errors.at("ERR") == 1);
  CHECK(h.table.find("lset")->stats.failed == 1);
  CHECK(h.table.find("lset")->stats.calls == 1);
}

TEST_CASE("Call: while the disk fails expired keys are hidden and stay where they are") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("PEXPIRE", "q", "10");
  h.propagated();
  h.clock.advance_us(20'000);
  h.state.disk_error = "MISCONF no";
  CHECK(h.run("LLEN", "q") == integer(0));
  CHECK(h.keyspace.database(0).size() == 1);
  CHECK(h.propagated().empty());
  h.state.disk_error.clear();
  CHECK(h.run("LLEN", "q") == integer(0));
  CHECK(h.keyspace.database(0).size() == 0);
  CHECK(h.propagated() == Lines{"DEL q"});
}

TEST_CASE("Call: during a pause expired keys are hidden and stay where they are") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("PEXPIRE", "q", "10");
  h.propagated();
  h.clock.advance_us(20'000);
  h.executor.pause(exec::PauseMode::kWrite, 1000);
  CHECK(h.run("LLEN", "q") == integer(0));
  CHECK(h.keyspace.database(0).size() == 1);
  CHECK(h.propagated().empty());
}

TEST_CASE("Call: a replayed command meets expired keys as if they had no deadline") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.run("PEXPIRE", "q", "10");
  h.clock.advance_us(20'000);
  h.executor.refresh_clock();
  h.propagated();
  client::Client loader(h.clients.next_id());
  const std::vector<base::ByteView> words = {"RPUSH", "q", "b"};
  CHECK(h.executor.replay(loader, words).ok());
  CHECK(list_at(h, "q").size() == 2);
  CHECK(h.propagated().empty());
}

TEST_CASE("Call: CLIENT NO-TOUCH leaves the time of the last access alone") {
  Harness h;
  h.run("RPUSH", "q", "a");
  const auto idle = [&] {
    return h.keyspace.database(0).find("q")->usage.idle_s(h.clock.unix_us() / 1'000'000);
  };
  h.clock.advance_us(5'000'000);
  h.first().client.set(client::kNoTouch);
  h.run("LLEN", "q");
  CHECK(idle() == 5);
  h.first().client.unset(client::kNoTouch);
  h.run("LLEN", "q");
  CHECK(idle() == 0);
}

TEST_CASE("Call: a read that finds its key expired announces that before the miss") {
  Harness h;
  h.configure("notify-keyspace-events", "Exm");
  h.settings.active_expire = false;
  h.run("RPUSH", "q", "a");
  h.run("PEXPIRE", "q", "10");
  h.events();
  h.clock.advance_us(20'000);
  h.run("LLEN", "q");
  CHECK(h.events() == Lines{"__keyevent@0__:expired q", "__keyevent@0__:keymiss q"});
}

}  // namespace sluice::test
