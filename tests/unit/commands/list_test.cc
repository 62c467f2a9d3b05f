#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const resp::Value kWrongType = error("WRONGTYPE Operation against a key holding the wrong kind of value");
const resp::Value kNotAnInteger = error("ERR value is not an integer or out of range");
const resp::Value kSyntax = error("ERR syntax error");
const resp::Value kOk = status("OK");

// A harness with one key of another type than a list.
struct WithString : Harness {
  WithString() {
    keyspace.store({&keyspace.database(0), &changes, 0}, "s", types::StringValue(7), keyspace::events::set);
    changes.clear();
  }
  keyspace::ChangeLog changes{keyspace.graveyard()};
};

resp::Value all(Harness& h, const std::string& key) {
  return h.run("LRANGE", key, "0", "-1");
}

}  // namespace

TEST_CASE("LPUSH and RPUSH: values go one after the other to their end, and the length is the answer") {
  Harness h;
  CHECK(h.run("RPUSH", "q", "a", "b") == integer(2));
  CHECK(h.run("LPUSH", "q", "1", "2") == integer(4));
  CHECK(all(h, "q") == bulks({"2", "1", "a", "b"}));
  CHECK(h.propagated() == Lines{"RPUSH q a b", "LPUSH q 1 2"});
}

TEST_CASE("LPUSHX and RPUSHX: push only onto a list that exists") {
  Harness h;
  CHECK(h.run("LPUSHX", "q", "a") == integer(0));
  CHECK(h.run("RPUSHX", "q", "a") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.digest().empty());
  h.run("RPUSH", "q", "m");
  CHECK(h.run("LPUSHX", "q", "b", "a") == integer(3));
  CHECK(h.run("RPUSHX", "q", "y", "z") == integer(5));
  CHECK(all(h, "q") == bulks({"a", "b", "m", "y", "z"}));
}

TEST_CASE("Pushes: keys and values may be empty or binary") {
  Harness h;
  const std::string binary("\r\n\0\xff$*", 6);
  CHECK(h.run("RPUSH", "", "", binary, "007", "-12") == integer(4));
  CHECK(h.run("RPUSH", binary, "x") == integer(1));
  CHECK(all(h, "") == bulks({"", binary, "007", "-12"}));
  CHECK(h.run("LPOP", binary) == bulk("x"));
}

TEST_CASE("Pushes: a big value is kept whole, alone or among small ones") {
  Harness h;
  const std::string big(100'000, 'x');
  CHECK(h.run("RPUSH", "q", "a", big, "b") == integer(3));
  CHECK(h.run("LPUSH", "q", big) == integer(4));
  CHECK(all(h, "q") == bulks({big, "a", big, "b"}));
  CHECK(std::string(keyspace::encoding_of(h.keyspace.database(0).find("q")->value)) == "quicklist");
  CHECK(h.run("LPOP", "q") == bulk(big));
}

TEST_CASE("Pushes: the encoding is decided once, by all values of a command") {
  Harness h;
  const std::string half(5000, 'x');
  h.run("RPUSH", "one", half);
  h.run("RPUSH", "two", half, half);
  const auto encoding = [&](const char* key) {
    return std::string(keyspace::encoding_of(h.keyspace.database(0).find(key)->value));
  };
  CHECK(encoding("one") == "listpack");
  CHECK(encoding("two") == "quicklist");
}

TEST_CASE("Lists: every command refuses a key of another type") {
  WithString h;
  CHECK(h.run("LPUSH", "s", "a") == kWrongType);
  CHECK(h.run("RPUSH", "s", "a") == kWrongType);
  CHECK(h.run("LPUSHX", "s", "a") == kWrongType);
  CHECK(h.run("RPUSHX", "s", "a") == kWrongType);
  CHECK(h.run("LPOP", "s") == kWrongType);
  CHECK(h.run("RPOP", "s", "0") == kWrongType);
  CHECK(h.run("LLEN", "s") == kWrongType);
  CHECK(h.run("LRANGE", "s", "0", "1") == kWrongType);
  CHECK(h.run("LINDEX", "s", "x") == kWrongType);
  CHECK(h.run("LSET", "s", "x", "v") == kWrongType);
  CHECK(h.run("LINSERT", "s", "BEFORE", "a", "b") == kWrongType);
  CHECK(h.run("LREM", "s", "0", "a") == kWrongType);
  CHECK(h.run("LTRIM", "s", "0", "1") == kWrongType);
  CHECK(h.run("LPOS", "s", "a") == kWrongType);
  CHECK(h.run("LMOVE", "s", "r", "LEFT", "LEFT") == kWrongType);
  CHECK(h.run("RPOPLPUSH", "s", "r") == kWrongType);
  CHECK(h.run("LMPOP", "2", "none", "s", "LEFT") == kWrongType);
  CHECK(h.propagated().empty());
}

TEST_CASE("Lists: every command checks its number of arguments") {
  Harness h;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& name) {
    h.first().send_words(words);
    CHECK(h.first().reply() == error("ERR wrong number of arguments for '" + name + "' command"));
  };
  refused({"LPUSH", "q"}, "lpush");
  refused({"RPUSHX", "q"}, "rpushx");
  refused({"LPOP"}, "lpop");
  refused({"RPOP", "q", "1", "2"}, "rpop");
  refused({"LLEN", "q", "x"}, "llen");
  refused({"LRANGE", "q", "0"}, "lrange");
  refused({"LINDEX", "q"}, "lindex");
  refused({"LSET", "q", "0"}, "lset");
  refused({"LINSERT", "q", "BEFORE", "a"}, "linsert");
  refused({"LREM", "q", "0"}, "lrem");
  refused({"LTRIM", "q", "0"}, "ltrim");
  refused({"LPOS", "q"}, "lpos");
  refused({"LMOVE", "q", "r", "LEFT"}, "lmove");
  refused({"RPOPLPUSH", "q"}, "rpoplpush");
  refused({"LMPOP", "1", "q"}, "lmpop");
}

TEST_CASE("LPOP and RPOP: take from their end until the key is gone") {
  Harness h;
  h.run("RPUSH", "q", "a", "7", "c");
  h.propagated();
  CHECK(h.run("LPOP", "q") == bulk("a"));
  CHECK(h.run("RPOP", "q") == bulk("c"));
  CHECK(h.run("RPOP", "q") == bulk("7"));
  CHECK(h.run("RPOP", "q") == null());
  CHECK(h.digest().empty());
  CHECK(h.propagated() == Lines{"LPOP q", "RPOP q", "RPOP q"});
}

TEST_CASE("LPOP and RPOP with a count: up to so many, nearest to the end first") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c", "d", "e");
  h.propagated();
  CHECK(h.run("LPOP", "q", "2") == bulks({"a", "b"}));
  CHECK(h.run("RPOP", "q", "2") == bulks({"e", "d"}));
  CHECK(h.run("LPOP", "q", "0") == array({}));
  CHECK(h.propagated() == Lines{"LPOP q 2", "RPOP q 2"});
  CHECK(h.run("LPOP", "q", "100") == bulks({"c"}));
  CHECK(h.run("LPOP", "q", "0") == null_array());
  CHECK(h.run("RPOP", "q", "3") == null_array());
  const resp::Value must_be_positive = error("ERR value is out of range, must be positive");
  CHECK(h.run("LPOP", "q", "-1") == must_be_positive);
  CHECK(h.run("LPOP", "q", "x") == must_be_positive);
  CHECK(h.run("RPOP", "q", "9223372036854775808") == must_be_positive);
}

TEST_CASE("LPOP with a count: takes across many nodes and keeps the rest in order") {
  Harness h;
  std::vector<std::string> words = {"RPUSH", "q"};
  for (int i = 0; i < 5000; ++i) words.push_back("element-" + std::to_string(i));
  h.first().send_words(words);
  CHECK(h.first().reply() == integer(5000));
  const resp::Value front = h.run("LPOP", "q", "2345");
  REQUIRE(front.children.size() == 2345);
  CHECK(front.children[2344] == bulk("element-2344"));
  const resp::Value back = h.run("RPOP", "q", "1999");
  REQUIRE(back.children.size() == 1999);
  CHECK(back.children[0] == bulk("element-4999"));
  CHECK(h.run("LLEN", "q") == integer(656));
  CHECK(h.run("LINDEX", "q", "0") == bulk("element-2345"));
  CHECK(h.run("LINDEX", "q", "-1") == bulk("element-3000"));
  CHECK(h.stats.changes_since_save == 5000 + 2345 + 1999);
}

TEST_CASE("Lists in RESP3: one null for all") {
  Harness h;
  h.first().resp3();
  for (const std::vector<std::string>& words : {std::vector<std::string>{"LPOP", "none"},
                                                {"LPOP", "none", "1"},
                                                {"LINDEX", "none", "0"},
                                                {"LPOS", "none", "x"},
                                                {"LMOVE", "none", "x", "LEFT", "LEFT"},
                                                {"RPOPLPUSH", "none", "x"},
                                                {"LMPOP", "1", "none", "LEFT"}}) {
    h.first().send_words(words);
    CHECK(std::string(h.first().client.outbox.sendable(UINT64_MAX)) == "_\r\n");
    CHECK(h.first().reply() == null());
  }
}

TEST_CASE("LLEN: 0 where there is no list") {
  Harness h;
  CHECK(h.run("LLEN", "none") == integer(0));
  h.run("RPUSH", "q", "a", "b");
  CHECK(h.run("LLEN", "q") == integer(2));
}

TEST_CASE("LRANGE: indexes from both ends, cut to what there is") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c", "d");
  CHECK(h.run("LRANGE", "q", "1", "-2") == bulks({"b", "c"}));
  CHECK(h.run("LRANGE", "q", "-100", "0") == bulks({"a"}));
  CHECK(h.run("LRANGE", "q", "2", "100") == bulks({"c", "d"}));
  CHECK(h.run("LRANGE", "q", "3", "1") == array({}));
  CHECK(h.run("LRANGE", "none", "0", "-1") == array({}));
  CHECK(h.run("LRANGE", "q", "x", "1") == kNotAnInteger);
  CHECK(h.run("LRANGE", "none", "0", "y") == kNotAnInteger);
}

TEST_CASE("LINDEX: the key is looked at before the index") {
  Harness h;
  h.run("RPUSH", "q", "a", "5");
  CHECK(h.run("LINDEX", "q", "1") == bulk("5"));
  CHECK(h.run("LINDEX", "q", "-2") == bulk("a"));
  CHECK(h.run("LINDEX", "q", "2") == null());
  CHECK(h.run("LINDEX", "q", "x") == kNotAnInteger);
  CHECK(h.run("LINDEX", "none", "x") == null());
}

TEST_CASE("Reads count hits and misses, and nothing for the log") {
  Harness h;
  h.run("RPUSH", "q", "a");
  h.propagated();
  h.run("LLEN", "q");
  h.run("LINDEX", "none", "0");
  h.run("LRANGE", "q", "0", "-1");
  CHECK(h.stats.keyspace_hits == 2);
  CHECK(h.stats.keyspace_misses == 1);
  CHECK(h.propagated().empty());
}

TEST_CASE("LSET: replaces in place, from either end") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c");
  h.propagated();
  CHECK(h.run("LSET", "q", "-1", "C") == kOk);
  CHECK(h.run("LSET", "q", "0", "A") == kOk);
  CHECK(all(h, "q") == bulks({"A", "b", "C"}));
  CHECK(h.run("LSET", "q", "3", "x") == error("ERR index out of range"));
  CHECK(h.run("LSET", "q", "-4", "x") == error("ERR index out of range"));
  CHECK(h.run("LSET", "q", "x", "x") == kNotAnInteger);
  CHECK(h.run("LSET", "none", "x", "x") == error("ERR no such key"));
  CHECK(h.propagated() == Lines{"LSET q -1 C", "LSET q 0 A"});
}

TEST_CASE("LINSERT: before or after the first equal element") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "a");
  h.propagated();
  CHECK(h.run("LINSERT", "q", "before", "b", "1") == integer(4));
  CHECK(h.run("LINSERT", "q", "AFTER", "a", "2") == integer(5));
  CHECK(all(h, "q") == bulks({"a", "2", "1", "b", "a"}));
  CHECK(h.run("LINSERT", "q", "BEFORE", "nope", "x") == integer(-1));
  CHECK(h.run("LINSERT", "none", "BEFORE", "a", "x") == integer(0));
  CHECK(h.run("LINSERT", "q", "BESIDE", "a", "x") == kSyntax);
  CHECK(h.propagated() == Lines{"LINSERT q before b 1", "LINSERT q AFTER a 2"});
}

TEST_CASE("LREM: from the front, from the back, or all") {
  Harness h;
  h.run("RPUSH", "q", "x", "a", "x", "b", "x", "x");
  h.propagated();
  CHECK(h.run("LREM", "q", "1", "x") == integer(1));
  CHECK(h.run("LREM", "q", "-2", "x") == integer(2));
  CHECK(all(h, "q") == bulks({"a", "x", "b"}));
  CHECK(h.run("LREM", "q", "0", "nope") == integer(0));
  CHECK(h.run("LREM", "none", "0", "x") == integer(0));
  CHECK(h.run("LREM", "none", "y", "x") == kNotAnInteger);
  CHECK(h.propagated() == Lines{"LREM q 1 x", "LREM q -2 x"});
  for (const char* value : {"a", "x", "b"}) CHECK(h.run("LREM", "q", "0", value) == integer(1));
  CHECK(h.digest().empty());
}

TEST_CASE("LTRIM: keeps a range; an empty one removes the key") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c", "d");
  h.propagated();
  CHECK(h.run("LTRIM", "q", "1", "-2") == kOk);
  CHECK(all(h, "q") == bulks({"b", "c"}));
  CHECK(h.propagated() == Lines{"LTRIM q 1 -2"});
  CHECK(h.run("LTRIM", "none", "0", "1") == kOk);
  CHECK(h.run("LTRIM", "none", "x", "1") == kNotAnInteger);
  CHECK(h.run("LTRIM", "q", "5", "1") == kOk);
  CHECK(h.digest().empty());
}

TEST_CASE("LTRIM: that drops nothing is announced and not logged") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.propagated();
  h.configure("notify-keyspace-events", "El");
  CHECK(h.run("LTRIM", "q", "0", "-1") == kOk);
  CHECK(h.propagated().empty());
  CHECK(h.events() == Lines{"__keyevent@0__:ltrim q"});
}

TEST_CASE("LTRIM: a long list's remains are freed in slices") {
  Harness h;
  for (int i = 0; i < 100; ++i) {
    std::vector<std::string> words = {"RPUSH", "q"};
    for (int j = 0; j < 100; ++j) words.push_back(std::string(100, 'x'));
    h.first().send_words(words);
    h.first().reply();
  }
  CHECK(h.run("LTRIM", "q", "-10", "-1") == kOk);
  CHECK(h.keyspace.graveyard().pending() == 1);
  int slices = 0;
  while (h.keyspace.graveyard().step(1000, h.keyspace.deadlines())) ++slices;
  CHECK(slices > 1);
}

TEST_CASE("LPOS: the first, the n-th, from the back, several") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c", "a", "b", "c", "a");
  CHECK(h.run("LPOS", "q", "a") == integer(0));
  CHECK(h.run("LPOS", "q", "a", "RANK", "2") == integer(3));
  CHECK(h.run("LPOS", "q", "a", "RANK", "-1") == integer(6));
  CHECK(h.run("LPOS", "q", "a", "RANK", "4") == null());
  CHECK(h.run("LPOS", "q", "a", "RANK", "1", "RANK", "2") == integer(3));
  CHECK(h.run("LPOS", "q", "nope") == null());
  CHECK(h.run("LPOS", "q", "a", "COUNT", "0") == array({integer(0), integer(3), integer(6)}));
  CHECK(h.run("LPOS", "q", "a", "count", "2") == array({integer(0), integer(3)}));
  CHECK(h.run("LPOS", "q", "a", "COUNT", "0", "RANK", "-2") == array({integer(3), integer(0)}));
  CHECK(h.run("LPOS", "q", "a", "COUNT", "0", "MAXLEN", "4") == array({integer(0), integer(3)}));
  CHECK(h.run("LPOS", "q", "a", "RANK", "-1", "COUNT", "0", "MAXLEN", "3") == array({integer(6)}));
  CHECK(h.run("LPOS", "q", "b", "MAXLEN", "1") == null());
  CHECK(h.run("LPOS", "q", "nope", "COUNT", "0") == array({}));
  CHECK(h.run("LPOS", "none", "a", "COUNT", "1") == array({}));
  CHECK(h.run("LPOS", "none", "a") == null());
}

TEST_CASE("LPOS: options are judged in their order, before the key") {
  WithString h;
  CHECK(h.run("LPOS", "s", "a", "RANK", "0") ==
        error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
              "negative to start from the end of the list"));
  CHECK(h.run("LPOS", "s", "a", "RANK", "-9223372036854775808") ==
        error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"));
  CHECK(h.run("LPOS", "s", "a", "RANK", "x") == kNotAnInteger);
  CHECK(h.run("LPOS", "s", "a", "RANK", "x", "COUNT", "-1") == kNotAnInteger);
  CHECK(h.run("LPOS", "s", "a", "COUNT", "-1") == error("ERR COUNT can't be negative"));
  CHECK(h.run("LPOS", "s", "a", "COUNT", "x") == error("ERR COUNT can't be negative"));
  CHECK(h.run("LPOS", "s", "a", "MAXLEN", "-1") == error("ERR MAXLEN can't be negative"));
  CHECK(h.run("LPOS", "s", "a", "RANK") == kSyntax);
  CHECK(h.run("LPOS", "s", "a", "FIRST", "1") == kSyntax);
  CHECK(h.run("LPOS", "s", "a", "RANK", "-9223372036854775807") == kWrongType);
}

TEST_CASE("LMOVE: from any end to any end, also of one list") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c");
  h.propagated();
  CHECK(h.run("LMOVE", "q", "r", "LEFT", "right") == bulk("a"));
  CHECK(h.run("LMOVE", "q", "r", "RIGHT", "LEFT") == bulk("c"));
  CHECK(all(h, "r") == bulks({"c", "a"}));
  CHECK(h.run("LMOVE", "r", "r", "LEFT", "RIGHT") == bulk("c"));
  CHECK(all(h, "r") == bulks({"a", "c"}));
  CHECK(h.run("LMOVE", "r", "r", "LEFT", "LEFT") == bulk("a"));
  CHECK(all(h, "r") == bulks({"a", "c"}));
  CHECK(h.propagated() ==
        Lines{"LMOVE q r LEFT right", "LMOVE q r RIGHT LEFT", "LMOVE r r LEFT RIGHT", "LMOVE r r LEFT LEFT"});
  CHECK(h.stats.changes_since_save == 3 + 4);
}

TEST_CASE("LMOVE: the only element of a list may stay where it is") {
  Harness h;
  h.configure("notify-keyspace-events", "Elg");
  h.run("RPUSH", "q", "12345");
  h.events();
  CHECK(h.run("LMOVE", "q", "q", "LEFT", "RIGHT") == bulk("12345"));
  CHECK(h.run("RPOPLPUSH", "q", "q") == bulk("12345"));
  CHECK(all(h, "q") == bulks({"12345"}));
  CHECK(h.events() == Lines{"__keyevent@0__:rpush q", "__keyevent@0__:lpop q", "__keyevent@0__:lpush q",
                            "__keyevent@0__:rpop q"});
}

TEST_CASE("LMOVE: nothing happens without a source, or when the destination is no list") {
  WithString h;
  CHECK(h.run("LMOVE", "none", "s", "LEFT", "LEFT") == null());
  CHECK(h.run("RPOPLPUSH", "none", "r") == null());
  h.run("RPUSH", "q", "a");
  h.propagated();
  CHECK(h.run("LMOVE", "q", "s", "LEFT", "LEFT") == kWrongType);
  CHECK(h.run("RPOPLPUSH", "q", "s") == kWrongType);
  CHECK(h.run("LMOVE", "s", "r", "UP", "LEFT") == kSyntax);
  CHECK(h.run("LMOVE", "s", "r", "LEFT", "DOWN") == kSyntax);
  CHECK(all(h, "q") == bulks({"a"}));
  CHECK(h.propagated().empty());
}

TEST_CASE("RPOPLPUSH: moves the last element to the front") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.propagated();
  CHECK(h.run("RPOPLPUSH", "q", "r") == bulk("b"));
  CHECK(h.run("RPOPLPUSH", "q", "r") == bulk("a"));
  CHECK(all(h, "r") == bulks({"a", "b"}));
  CHECK(h.run("LLEN", "q") == integer(0));
  CHECK(h.propagated() == Lines{"RPOPLPUSH q r", "RPOPLPUSH q r"});
}

TEST_CASE("Moves: a big value survives them") {
  Harness h;
  const std::string big(70'000, 'y');
  h.run("RPUSH", "q", big);
  CHECK(h.run("RPOPLPUSH", "q", "q") == bulk(big));
  CHECK(h.run("LMOVE", "q", "r", "LEFT", "LEFT") == bulk(big));
  CHECK(all(h, "r") == bulks({big}));
}

TEST_CASE("LMPOP: from the first list that has elements, logged as a plain pop") {
  Harness h;
  h.run("RPUSH", "q", "a", "b", "c", "d");
  h.propagated();
  CHECK(h.run("LMPOP", "2", "none", "q", "left") == array({bulk("q"), bulks({"a"})}));
  CHECK(h.run("LMPOP", "2", "q", "none", "RIGHT", "count", "2") == array({bulk("q"), bulks({"d", "c"})}));
  CHECK(h.run("LMPOP", "1", "q", "LEFT", "COUNT", "10") == array({bulk("q"), bulks({"b"})}));
  CHECK(h.run("LMPOP", "2", "q", "none", "LEFT") == null_array());
  CHECK(h.propagated() == Lines{"LPOP q 1", "RPOP q 2", "LPOP q 1"});
}

TEST_CASE("LMPOP: what is wrong with its arguments is found before any key") {
  WithString h;
  const resp::Value numkeys = error("ERR numkeys should be greater than 0");
  const resp::Value count = error("ERR count should be greater than 0");
  for (const char* bad : {"0", "-1", "x", "99999999999999999999"}) {
    CHECK(h.run("LMPOP", bad, "s", "LEFT") == numkeys);
  }
  CHECK(h.run("LMPOP", "1", "s", "UP") == kSyntax);
  CHECK(h.run("LMPOP", "2", "s", "LEFT") == kSyntax);
  CHECK(h.run("LMPOP", "3", "s", "LEFT") == kSyntax);
  CHECK(h.run("LMPOP", "1", "s", "LEFT", "COUNT") == kSyntax);
  CHECK(h.run("LMPOP", "1", "s", "LEFT", "MANY", "1") == kSyntax);
  CHECK(h.run("LMPOP", "1", "s", "LEFT", "COUNT", "1", "COUNT", "2") == kSyntax);
  for (const char* bad : {"0", "-1", "x"}) CHECK(h.run("LMPOP", "1", "s", "LEFT", "COUNT", bad) == count);
}

TEST_CASE("Lists: events in Redis's order, with the key's end last") {
  Harness h;
  h.configure("notify-keyspace-events", "KEA");
  const auto of = [&](const std::vector<std::string>& words) {
    h.events();
    h.first().send_words(words);
    h.first().reply();
    Lines names;
    for (const std::string& line : h.events()) {
      if (line.rfind("__keyevent@0__:", 0) == 0) names.push_back(line.substr(15));
    }
    return names;
  };
  CHECK(of({"RPUSH", "q", "a", "b", "c"}) == Lines{"rpush q"});
  CHECK(of({"LPUSHX", "q", "a"}) == Lines{"lpush q"});
  CHECK(of({"LPOP", "q"}) == Lines{"lpop q"});
  CHECK(of({"LSET", "q", "0", "x"}) == Lines{"lset q"});
  CHECK(of({"LINSERT", "q", "BEFORE", "x", "y"}) == Lines{"linsert q"});
  CHECK(of({"LREM", "q", "0", "y"}) == Lines{"lrem q"});
  CHECK(of({"LREM", "q", "0", "y"}) == Lines{});
  CHECK(of({"LTRIM", "q", "0", "0"}) == Lines{"ltrim q"});
  CHECK(of({"LMOVE", "q", "r", "LEFT", "RIGHT"}) == Lines{"rpush r", "lpop q", "del q"});
  CHECK(of({"RPOPLPUSH", "r", "q"}) == Lines{"lpush q", "rpop r", "del r"});
  CHECK(of({"LMPOP", "1", "q", "RIGHT"}) == Lines{"rpop q", "del q"});
  h.run("RPUSH", "q", "a");
  CHECK(of({"LTRIM", "q", "1", "0"}) == Lines{"ltrim q", "del q"});
  h.run("RPUSH", "q", "a", "a");
  CHECK(of({"LREM", "q", "0", "a"}) == Lines{"lrem q", "del q"});
  h.run("RPUSH", "q", "a", "a");
  CHECK(of({"RPOP", "q", "2"}) == Lines{"rpop q", "del q"});
}

TEST_CASE("Lists: changes are counted element by element") {
  Harness h;
  const auto changes = [&](const std::vector<std::string>& words) {
    const uint64_t before = h.stats.changes_since_save;
    h.first().send_words(words);
    h.first().reply();
    return h.stats.changes_since_save - before;
  };
  CHECK(changes({"RPUSH", "q", "a", "b", "c", "d", "e", "f"}) == 6);
  CHECK(changes({"LPOP", "q", "2"}) == 2);
  CHECK(changes({"LPOP", "q", "0"}) == 0);
  CHECK(changes({"LTRIM", "q", "0", "2"}) == 1);
  CHECK(changes({"LSET", "q", "0", "x"}) == 1);
  CHECK(changes({"LMOVE", "q", "r", "LEFT", "LEFT"}) == 1);
  CHECK(changes({"RPUSH", "q", "z", "z"}) == 2);
  CHECK(changes({"LREM", "q", "0", "z"}) == 2);
  CHECK(changes({"LMPOP", "1", "q", "LEFT", "COUNT", "5"}) == 2);
}

TEST_CASE("Lists: a key past its deadline is gone before the push that meets it") {
  Harness h;
  h.run("RPUSH", "q", "old");
  h.run("PEXPIRE", "q", "1000");
  h.propagated();
  h.clock.advance_us(2'000'000);
  CHECK(h.run("RPUSH", "q", "new") == integer(1));
  CHECK(all(h, "q") == bulks({"new"}));
  CHECK(h.propagated() == Lines{"MULTI", "DEL q", "RPUSH q new", "EXEC"});
}

TEST_CASE("Pushes: refused when memory is full, pops are not") {
  Harness h;
  h.run("RPUSH", "q", "a", "b");
  h.configure("maxmemory", "1");
  CHECK(h.run("RPUSH", "q", "c") == error("OOM command not allowed when used memory > 'maxmemory'."));
  CHECK(h.run("LPOP", "q") == bulk("a"));
  CHECK(h.run("LMPOP", "1", "q", "LEFT") == array({bulk("q"), bulks({"b"})}));
}

}  // namespace sluice::test
