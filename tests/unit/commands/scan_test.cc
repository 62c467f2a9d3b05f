#include <map>
#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

// Follows the cursor to its end; how often each key was shown.
template <class... Options>
std::map<std::string, int> walk(Harness& h, const Options&... options) {
  std::map<std::string, int> seen;
  std::string cursor = "0";
  do {
    const resp::Value page = h.run("SCAN", cursor, options...);
    REQUIRE(page.children.size() == 2);
    for (const resp::Value& key : page.children[1].children) ++seen[key.text];
    cursor = page.children[0].text;
  } while (cursor != "0");
  return seen;
}

constexpr int kStaying = 1000;  // too many to be packed

// The elements of one key that were there from first to last, seen while others come (or go) from page to
// page.
size_t stayed(const std::string& command, bool grows) {
  Harness h;
  const auto add = [&](const std::string& name) {
    if (command == "SSCAN") h.run("SADD", "key", name);
    if (command == "HSCAN") h.run("HSET", "key", name, "v");
    if (command == "ZSCAN") h.run("ZADD", "key", std::to_string(name.size()), name);
  };
  const auto remove = [&](const std::string& name) {
    if (command == "SSCAN") h.run("SREM", "key", name);
    if (command == "HSCAN") h.run("HDEL", "key", name);
    if (command == "ZSCAN") h.run("ZREM", "key", name);
  };
  constexpr int kGuests = 6000;
  const auto guest = [](int number) { return "guest" + std::to_string(number); };
  for (int i = 0; i < kStaying; ++i) add("stay" + std::to_string(i));
  for (int i = 0; !grows && i < kGuests; ++i) add(guest(i));
  std::set<std::string> seen;
  std::string cursor = "0";
  int changed = 0;
  do {
    const resp::Value page = h.run(command, "key", cursor, "COUNT", "9");
    const std::vector<resp::Value>& shown = page.children[1].children;
    for (size_t i = 0; i < shown.size(); i += command == "SSCAN" ? 1 : 2) {
      if (shown[i].text.starts_with("stay")) seen.insert(shown[i].text);
    }
    cursor = page.children[0].text;
    for (int i = 0; i < 150 && changed < kGuests; ++i, ++changed) {
      grows ? add(guest(changed)) : remove(guest(changed));
    }
  } while (cursor != "0");
  CHECK(changed == kGuests);
  return seen.size();
}

}  // namespace

TEST_CASE("SCAN: an empty database is one empty page") {
  Harness h;
  CHECK(h.run("SCAN", "0") == array({bulk("0"), array({})}));
}

TEST_CASE("SCAN: a whole loop shows every key once, whatever the count") {
  Harness h;
  for (int i = 0; i < 1000; ++i) h.run("SET", "k" + std::to_string(i), "v");
  for (const std::string count : {"1", "10", "5000"}) {
    const auto seen = walk(h, "COUNT", count);
    CHECK(seen.size() == 1000);
    for (const auto& entry : seen) REQUIRE_MESSAGE(entry.second == 1, entry.first);
  }
}

TEST_CASE("SCAN: keys present from first to last are seen while others come and go") {
  Harness h;
  for (int i = 0; i < 500; ++i) h.run("SET", "stay" + std::to_string(i), "v");
  std::set<std::string> seen;
  std::string cursor = "0";
  int round = 0;
  do {
    const resp::Value page = h.run("SCAN", cursor, "COUNT", "7");
    for (const resp::Value& key : page.children[1].children) {
      if (key.text.starts_with("stay")) seen.insert(key.text);
    }
    cursor = page.children[0].text;
    for (int i = 0; i < 40; ++i) h.run("SET", "guest" + std::to_string(round * 40 + i), "v");
    for (int i = 0; i < 20; ++i) h.run("DEL", "guest" + std::to_string(round * 20 + i));
    ++round;
  } while (cursor != "0");
  CHECK(seen.size() == 500);
}

TEST_CASE("HSCAN, SSCAN, ZSCAN: what is there from first to last is seen, while the key grows and shrinks") {
  for (const char* const command : {"HSCAN", "SSCAN", "ZSCAN"}) {
    CAPTURE(command);
    CHECK(stayed(command, true) == kStaying);
    CHECK(stayed(command, false) == kStaying);
  }
}

TEST_CASE("SCAN MATCH and TYPE: filter what is shown") {
  Harness h;
  for (const std::string key : {"a1", "a2", "b1", ""}) h.run("SET", key, "v");
  h.run("RPUSH", "a3", "v");
  using Seen = std::map<std::string, int>;
  CHECK(walk(h, "MATCH", "a*") == Seen{{"a1", 1}, {"a2", 1}, {"a3", 1}});
  CHECK(walk(h, "match", "*").size() == 5);
  CHECK(walk(h, "TYPE", "List") == Seen{{"a3", 1}});
  CHECK(walk(h, "TYPE", "string", "MATCH", "a*", "COUNT", "100") == Seen{{"a1", 1}, {"a2", 1}});
  CHECK(walk(h, "TYPE", "nosuchtype").empty());
}

TEST_CASE("SCAN: expired keys are hidden, and removed where that is allowed") {
  Harness h;
  h.settings.active_expire = false;
  h.run("SET", "alive", "v");
  h.run("SET", "dead", "v", "PX", "10");
  h.clock.advance_us(11'000);
  h.propagated();
  CHECK(walk(h) == std::map<std::string, int>{{"alive", 1}});
  CHECK(h.propagated() == Lines{"DEL dead"});
  CHECK(h.keyspace.database(0).size() == 1);
}

TEST_CASE("SCAN: does not count as use of a key") {
  Harness h;
  h.run("SET", "k", "v");
  h.advance(std::chrono::seconds(9));
  walk(h, "TYPE", "string");
  CHECK(h.run("OBJECT", "IDLETIME", "k") == integer(9));
}

TEST_CASE("SCAN: cursors as strtoul reads them") {
  Harness h;
  const auto invalid = error("ERR invalid cursor");
  const auto done = array({bulk("0"), array({})});
  for (const std::string cursor :
       {"x", "1x", " 1", "1 ", "-", "+", "--1", "0x1", "18446744073709551616", "-18446744073709551616"}) {
    CHECK_MESSAGE(h.run("SCAN", cursor) == invalid, cursor);
  }
  for (const std::string cursor : {"", "0", "+7", "-1", "18446744073709551615", "007"}) {
    CHECK_MESSAGE(h.run("SCAN", cursor) == done, cursor);
  }
}

TEST_CASE("SCAN: wrong options") {
  Harness h;
  const auto syntax = error("ERR syntax error");
  CHECK(h.run("SCAN", "0", "COUNT", "0") == syntax);
  CHECK(h.run("SCAN", "0", "COUNT", "-5") == syntax);
  CHECK(h.run("SCAN", "0", "COUNT") == syntax);
  CHECK(h.run("SCAN", "0", "MATCH") == syntax);
  CHECK(h.run("SCAN", "0", "TYPE") == syntax);
  CHECK(h.run("SCAN", "0", "FOO", "bar") == syntax);
  CHECK(h.run("SCAN", "0", "COUNT", "x") == error("ERR value is not an integer or out of range"));
  CHECK(h.run("SCAN", "x", "COUNT", "0") == error("ERR invalid cursor"));
  CHECK(h.run("SCAN") == error("ERR wrong number of arguments for 'scan' command"));
}

}  // namespace sluice::test
