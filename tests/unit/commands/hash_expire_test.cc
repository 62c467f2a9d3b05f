#include <chrono>
#include <set>

#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

using namespace std::chrono_literals;

namespace {

constexpr int64_t kNow = 1'700'000'000'000;
constexpr const char* kWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value";
constexpr const char* kFieldsMissing =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
constexpr const char* kCountDiffers = "ERR The `numfields` parameter must match the number of arguments";

resp::Value integers(const std::vector<int64_t>& values) {
  std::vector<resp::Value> items;
  for (const int64_t value : values) items.push_back(integer(value));
  return array(std::move(items));
}

// Both forms of a hash.
template <class Body>
void in_both_forms(Body body) {
  for (const char* entries : {"512", "0"}) {
    CAPTURE(entries);
    Harness h;
    h.configure("hash-max-listpack-entries", entries);
    h.configure("notify-keyspace-events", "EA");
    body(h);
  }
}

}  // namespace

TEST_CASE("HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT: each sets the moment, and the log gets that moment") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "a", "1", "b", "2", "c", "3", "d", "4");
    h.propagated();
    CHECK(h.run("HEXPIRE", "h", "10", "FIELDS", "1", "a") == integers({1}));
    CHECK(h.run("HPEXPIRE", "h", "20000", "FIELDS", "2", "b", "none") == integers({1, -2}));
    CHECK(h.run("HEXPIREAT", "h", "1700000030", "fields", "1", "c") == integers({1}));
    CHECK(h.run("HPEXPIREAT", "h", "1700000040001", "FIELDS", "1", "d") == integers({1}));
    CHECK(h.run("HPEXPIRETIME", "h", "FIELDS", "5", "a", "b", "c", "d", "e") ==
          integers({kNow + 10'000, kNow + 20'000, kNow + 30'000, kNow + 40'001, -2}));
    CHECK(h.run("HEXPIRETIME", "h", "FIELDS", "2", "a", "d") == integers({1'700'000'010, 1'700'000'041}));
    CHECK(h.run("HPTTL", "h", "FIELDS", "1", "d") == integers({40'001}));
    CHECK(h.run("HTTL", "h", "FIELDS", "2", "d", "x") == integers({41, -2}));
    CHECK(h.propagated() == Lines{"#SLUICE HPEXPIREAT h 1700000010000 FIELDS 1 a",
                                  "#SLUICE HPEXPIREAT h 1700000020000 FIELDS 1 b",
                                  "#SLUICE HPEXPIREAT h 1700000030000 FIELDS 1 c",
                                  "#SLUICE HPEXPIREAT h 1700000040001 FIELDS 1 d"});
    CHECK(h.events().back() == "__keyevent@0__:hexpire h");
    CHECK(h.stats.changes_since_save == 8);
  });
}

TEST_CASE("HEXPIRE: NX, XX, GT and LT; a field without a deadline lives forever to them") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "dated", "1", "free", "2");
    h.run("HEXPIRE", "h", "100", "FIELDS", "1", "dated");
    h.propagated();
    CHECK(h.run("HEXPIRE", "h", "50", "NX", "FIELDS", "1", "dated") == integers({0}));
    CHECK(h.run("HEXPIRE", "h", "50", "XX", "FIELDS", "1", "free") == integers({0}));
    CHECK(h.run("HEXPIRE", "h", "50", "GT", "FIELDS", "2", "dated", "free") == integers({0, 0}));
    CHECK(h.run("HEXPIRE", "h", "150", "LT", "FIELDS", "1", "dated") == integers({0}));
    CHECK(h.propagated().empty());
    CHECK(h.run("HEXPIRE", "h", "150", "gt", "FIELDS", "1", "dated") == integers({1}));
    CHECK(h.run("HEXPIRE", "h", "60", "LT", "FIELDS", "2", "dated", "free") == integers({1, 1}));
    CHECK(h.run("HEXPIRE", "h", "70", "XX", "FIELDS", "2", "dated", "free") == integers({1, 1}));
    CHECK(h.run("HTTL", "h", "FIELDS", "2", "dated", "free") == integers({70, 70}));
  });
}

TEST_CASE("HEXPIREAT: a moment that has passed removes the field, and the key with its last one") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "a", "1", "b", "2", "c", "3");
    h.run("HEXPIRE", "h", "9", "FIELDS", "1", "c");
    h.propagated();
    h.events();
    CHECK(h.run("HEXPIREAT", "h", "1700000000", "NX", "FIELDS", "4", "a", "c", "a", "none") ==
          integers({2, 0, -2, -2}));
    CHECK(h.propagated() == Lines{"HDEL h a"});
    CHECK(h.events() == Lines{"__keyevent@0__:hdel h"});
    CHECK(h.run("HPEXPIRE", "h", "0", "FIELDS", "2", "b", "c") == integers({2, 2}));
    CHECK(h.propagated() == Lines{"HDEL h b c"});
    CHECK(h.events() == Lines{"__keyevent@0__:hdel h", "__keyevent@0__:del h"});
    CHECK(h.run("EXISTS", "h") == integer(0));
    CHECK(h.keyspace.deadlines().size() == 0);
  });
}

TEST_CASE("HPERSIST: takes deadlines away, once") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "a", "1", "b", "2");
    h.run("HEXPIRE", "h", "9", "FIELDS", "1", "a");
    h.propagated();
    h.events();
    CHECK(h.run("HPERSIST", "h", "FIELDS", "3", "a", "b", "c") == integers({1, -1, -2}));
    CHECK(h.run("HPERSIST", "h", "FIELDS", "1", "a") == integers({-1}));
    CHECK(h.run("HTTL", "h", "FIELDS", "1", "a") == integers({-1}));
    CHECK(h.propagated() == Lines{"#SLUICE HPERSIST h FIELDS 1 a"});
    CHECK(h.events() == Lines{"__keyevent@0__:hpersist h"});
    h.advance(20s);
    CHECK(h.run("HLEN", "h") == integer(2));
    CHECK(h.keyspace.deadlines().size() == 0);
  });
}

TEST_CASE("HEXPIRE and its kin: an absent key has no fields; wrong words and times are refused") {
  Harness h;
  h.run("SET", "s", "x");
  h.run("HSET", "h", "a", "1");
  h.propagated();
  for (const char* command : {"HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"}) {
    CHECK(h.run(command, "none", "9", "FIELDS", "2", "a", "b") == integers({-2, -2}));
    CHECK(h.run(command, "s", "x", "FIELDS", "1", "a") == error(kWrongType));
    CHECK(h.run(command, "h", "x", "FIELDS", "1", "a") ==
          error("ERR value is not an integer or out of range"));
    CHECK(h.run(command, "h", "-1", "FIELDS", "1", "a") == error("ERR invalid expire time, must be >= 0"));
    CHECK(
        h.run(command, "h", "70368744177664", "FIELDS", "1", "a").text.find("ERR invalid expire time in '") ==
        0);
    CHECK(h.run(command, "h", "9", "XY", "FIELDS", "1", "a") == error(kFieldsMissing));
    CHECK(h.run(command, "h", "9", "FIELDS", "0", "a") ==
          error("ERR Parameter `numFields` should be greater than 0"));
    CHECK(h.run(command, "h", "9", "FIELDS", "2", "a") == error(kCountDiffers));
    CHECK(h.run(command, "h", "9", "FIELDS", "1", "a", "b") == error(kCountDiffers));
  }
  for (const char* command :
       {"HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME", "HPERSIST", "HGETDEL", "HGETEX"}) {
    CHECK(h.run(command, "s", "x", "1", "a") == error(kWrongType));
    CHECK(h.run(command, "h", "x", "1", "a") == error(kFieldsMissing));
    CHECK(h.run(command, "h", "FIELDS", "x", "a") ==
          error("ERR Number of fields must be a positive integer"));
    CHECK(h.run(command, "h", "FIELDS", "0", "a") ==
          error("ERR Number of fields must be a positive integer"));
    CHECK(h.run(command, "h", "FIELDS", "2", "a") == error(kCountDiffers));
  }
  for (const char* command : {"HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME", "HPERSIST"}) {
    CHECK(h.run(command, "none", "FIELDS", "2", "a", "b") == integers({-2, -2}));
  }
  CHECK(h.run("HPEXPIREAT", "h", "70368744177663", "FIELDS", "1", "a") == integers({1}));
  CHECK(h.run("HPEXPIRETIME", "h", "FIELDS", "1", "a") == integers({70368744177663}));
  CHECK(h.propagated().size() == 1);
}

TEST_CASE("HSETEX: sets values and deadlines, all or none; without words about time a deadline is gone") {
  in_both_forms([](Harness& h) {
    CHECK(h.run("HSETEX", "h", "FXX", "FIELDS", "1", "a", "1") == integer(0));
    CHECK(h.run("EXISTS", "h") == integer(0));
    CHECK(h.propagated().empty());
    CHECK(h.run("HSETEX", "h", "FNX", "EX", "10", "FIELDS", "2", "a", "1", "b", "2") == integer(1));
    CHECK(h.propagated() ==
          Lines{"MULTI", "HSET h a 1 b 2", "#SLUICE HPEXPIREAT h 1700000010000 FIELDS 2 a b", "EXEC"});
    CHECK(h.events() == Lines{"__keyevent@0__:hset h", "__keyevent@0__:hexpire h"});
    CHECK(h.run("HSETEX", "h", "FNX", "FIELDS", "2", "b", "3", "c", "3") == integer(0));
    CHECK(h.run("HSETEX", "h", "FXX", "FIELDS", "2", "b", "3", "c", "3") == integer(0));
    CHECK(h.propagated().empty());
    CHECK(h.run("HSETEX", "h", "KEEPTTL", "FXX", "FIELDS", "1", "a", "7") == integer(1));
    CHECK(h.run("HTTL", "h", "FIELDS", "1", "a") == integers({10}));
    CHECK(h.run("HSETEX", "h", "PXAT", "1700000005000", "FIELDS", "1", "c", "3") == integer(1));
    CHECK(h.run("HSETEX", "h", "KEEPTTL", "FIELDS", "4", "a", "8", "b", "9", "c", "4", "d", "5") ==
          integer(1));
    h.propagated();
    CHECK(h.run("HPTTL", "h", "FIELDS", "4", "a", "b", "c", "d") == integers({10'000, 10'000, 5'000, -1}));
    CHECK(h.run("HSETEX", "h", "FIELDS", "1", "a", "9") == integer(1));
    CHECK(h.propagated() == Lines{"HSET h a 9"});
    CHECK(h.run("HTTL", "h", "FIELDS", "1", "a") == integers({-1}));
    CHECK(h.run("HSETEX", "h", "PX", "1", "EXAT", "2", "FIELDS", "1", "a", "9")
              .text.find("ERR Only one of EX") == 0);
    h.events();
    CHECK(h.run("HSETEX", "h", "EXAT", "1", "FIELDS", "2", "a", "9", "none", "1") == integer(1));
    CHECK(h.propagated() == Lines{"HDEL h a"});
    CHECK(h.events() == Lines{"__keyevent@0__:hdel h"});
    CHECK(h.run("HSETEX", "other", "PX", "0", "FIELDS", "1", "a", "9") == integer(1));
    CHECK(h.run("EXISTS", "other") == integer(0));
    CHECK(h.propagated().empty());
  });
}

TEST_CASE("HSETEX: KEEPTTL is logged as the deadlines that are kept") {
  Harness h;
  h.run("HSETEX", "h", "PX", "10", "FIELDS", "2", "a", "1", "b", "2");
  h.run("HSETEX", "h", "PX", "20", "FIELDS", "1", "c", "3");
  h.propagated();
  h.run("HSETEX", "h", "KEEPTTL", "FIELDS", "4", "a", "4", "b", "5", "c", "6", "d", "7");
  CHECK(h.propagated() == Lines{"MULTI", "HSET h a 4 b 5 c 6 d 7",
                                "#SLUICE HPEXPIREAT h 1700000000010 FIELDS 2 a b",
                                "#SLUICE HPEXPIREAT h 1700000000020 FIELDS 1 c", "EXEC"});
}

TEST_CASE("HSETEX: refuses words it does not know, repeated ones and wrong counts") {
  Harness h;
  h.run("SET", "s", "x");
  CHECK(h.run("HSETEX", "s", "FIELDS", "1", "a", "1", "x") ==
        error("ERR wrong number of arguments for 'hsetex' command"));
  CHECK(h.run("HSETEX", "s", "FIELDS", "1", "a", "1") == error(kWrongType));
  CHECK(h.run("HSETEX", "h", "NX", "FIELDS", "1", "a", "1") == error("ERR unknown argument: NX"));
  CHECK(h.run("HSETEX", "h", "FNX", "FNX", "FIELDS", "1", "a", "1") ==
        error("ERR Only one of FXX or FNX arguments can be specified"));
  CHECK(h.run("HSETEX", "h", "KEEPTTL", "EX", "1", "FIELDS", "1", "a", "1") ==
        error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"));
  CHECK(h.run("HSETEX", "h", "FNX", "KEEPTTL", "FNX", "EX") ==
        error("ERR Only one of FXX or FNX arguments can be specified"));
  CHECK(h.run("HSETEX", "h", "FNX", "x", "y", "z") == error("ERR unknown argument: x"));
  CHECK(h.run("HSETEX", "h", "FNX", "EX", "3", "EX") ==
        error("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"));
  CHECK(h.run("HSETEX", "h", "EX", "FIELDS", "1", "a", "1") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("HSETEX", "h", "EX", "-1", "FIELDS", "1", "a", "1") ==
        error("ERR invalid expire time, must be >= 0"));
  CHECK(h.run("HSETEX", "h", "PX", "70368744177664", "FIELDS", "1", "a", "1") ==
        error("ERR invalid expire time in 'hsetex' command"));
  for (const char* count : {"0", "-1", "x", "9223372036854775808"}) {
    CHECK(h.run("HSETEX", "h", "FIELDS", count, "a", "1") == error("ERR invalid number of fields"));
  }
  CHECK(h.run("HSETEX", "h", "FIELDS", "2", "a", "1") ==
        error("ERR wrong number of arguments for 'hsetex' command"));
  CHECK(h.run("EXISTS", "h") == integer(0));
}

TEST_CASE("HGETEX: shows values, and sets, takes away or ends deadlines") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "a", "1", "b", "2");
    h.propagated();
    h.events();
    CHECK(h.run("HGETEX", "h", "FIELDS", "3", "a", "x", "b") == array({bulk("1"), null(), bulk("2")}));
    CHECK(h.run("HGETEX", "none", "EX", "1", "FIELDS", "2", "a", "x") == array({null(), null()}));
    CHECK(h.run("HGETEX", "h", "PERSIST", "FIELDS", "1", "a") == bulks({"1"}));
    CHECK(h.propagated().empty());
    CHECK(h.run("HGETEX", "h", "EX", "10", "FIELDS", "2", "a", "x") == array({bulk("1"), null()}));
    CHECK(h.run("HGETEX", "h", "PX", "7000", "FIELDS", "1", "b") == bulks({"2"}));
    CHECK(h.run("HTTL", "h", "FIELDS", "2", "a", "b") == integers({10, 7}));
    CHECK(h.run("HGETEX", "h", "EXAT", "1700000020", "FIELDS", "1", "b") == bulks({"2"}));
    CHECK(h.run("HGETEX", "h", "PERSIST", "FIELDS", "1", "a") == bulks({"1"}));
    CHECK(h.propagated() == Lines{"#SLUICE HPEXPIREAT h 1700000010000 FIELDS 1 a",
                                  "#SLUICE HPEXPIREAT h 1700000007000 FIELDS 1 b",
                                  "#SLUICE HPEXPIREAT h 1700000020000 FIELDS 1 b",
                                  "#SLUICE HPERSIST h FIELDS 1 a"});
    CHECK(h.events().back() == "__keyevent@0__:hpersist h");
    CHECK(h.run("HGETEX", "h", "PXAT", "1", "FIELDS", "3", "a", "a", "b") ==
          array({bulk("1"), null(), bulk("2")}));
    CHECK(h.propagated() == Lines{"HDEL h a b"});
    CHECK(h.events() == Lines{"__keyevent@0__:hdel h", "__keyevent@0__:del h"});
    CHECK(h.run("HGETEX", "h", "PERSIST", "1", "FIELDS", "1", "a") == error(kFieldsMissing));
    CHECK(h.run("HGETEX", "h", "PX", "-1", "FIELDS", "1", "a") ==
          error("ERR invalid expire time, must be >= 0"));
  });
}

TEST_CASE("HGETDEL: shows values and removes them") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "a", "1", "b", "2", "c", "3");
    h.run("HEXPIRE", "h", "10", "FIELDS", "2", "a", "c");
    h.propagated();
    CHECK(h.run("HGETDEL", "h", "FIELDS", "3", "a", "x", "a") == array({bulk("1"), null(), null()}));
    CHECK(h.run("HGETDEL", "h", "FIELDS", "1", "x") == array({null()}));
    CHECK(h.run("HGETDEL", "none", "FIELDS", "1", "x") == array({null()}));
    h.events();
    CHECK(h.run("HGETDEL", "h", "FIELDS", "2", "b", "c") == bulks({"2", "3"}));
    CHECK(h.propagated() == Lines{"HDEL h a", "HDEL h b c"});
    CHECK(h.events() == Lines{"__keyevent@0__:hdel h", "__keyevent@0__:del h"});
    CHECK(h.keyspace.deadlines().size() == 0);
  });
}

TEST_CASE("Fields that expire: gone at their deadline by themselves, logged as HDEL, the key with the last") {
  in_both_forms([](Harness& h) {
    h.run("HSET", "h", "a", "1", "b", "2", "c", "3");
    h.run("HPEXPIRE", "h", "100", "FIELDS", "2", "a", "b");
    h.run("HPEXPIRE", "h", "200", "FIELDS", "1", "c");
    h.propagated();
    h.events();
    h.advance(99ms);
    CHECK(h.run("HLEN", "h") == integer(3));
    CHECK(h.propagated().empty());
    h.advance(1ms);
    const Lines records = h.propagated();
    REQUIRE(records.size() == 1);
    CHECK((records[0] == "HDEL h a b" || records[0] == "HDEL h b a"));
    CHECK(h.events() == Lines{"__keyevent@0__:hexpired h"});
    CHECK(h.stats.expired_fields == 2);
    h.advance(100ms);
    CHECK(h.propagated() == Lines{"DEL h"});
    CHECK(h.events() == Lines{"__keyevent@0__:hexpired h", "__keyevent@0__:del h"});
    CHECK(h.stats.expired_fields == 3);
    CHECK(h.stats.expired_keys == 0);
    CHECK(h.run("DBSIZE") == integer(0));
  });
}

TEST_CASE("Fields that expire: every command that looks sees none that is due, removed yet or not") {
  for (const char* entries : {"512", "0"}) {
    for (const bool paused : {false, true}) {
      CAPTURE(paused);
      Harness h;
      h.configure("hash-max-listpack-entries", entries);
      h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
      for (int i = 0; i < 300; ++i) {
        h.run("HSETEX", "h", "PX", "10", "FIELDS", "1", "due" + std::to_string(i), "1");
      }
      h.run("HSET", "h", "stays", "7");
      h.propagated();
      h.clock.advance_us(10'000);
      if (paused) h.state.disk_error = "the disk is full";
      CHECK(h.run("HLEN", "h") == integer(1));
      CHECK(h.run("HGET", "h", "due299") == null());
      CHECK(h.run("HMGET", "h", "due299", "stays") == array({null(), bulk("7")}));
      CHECK(h.run("HEXISTS", "h", "due298") == integer(0));
      CHECK(h.run("HSTRLEN", "h", "due297") == integer(0));
      CHECK(h.run("HGETALL", "h") == bulks({"stays", "7"}));
      CHECK(h.run("HKEYS", "h") == bulks({"stays"}));
      CHECK(h.run("HVALS", "h") == bulks({"7"}));
      CHECK(h.run("HRANDFIELD", "h") == bulk("stays"));
      CHECK(h.run("HRANDFIELD", "h", "9") == bulks({"stays"}));
      CHECK(h.run("HRANDFIELD", "h", "-2") == bulks({"stays", "stays"}));
      CHECK(h.run("HTTL", "h", "FIELDS", "2", "due290", "stays") == integers({-2, -1}));
      CHECK(h.run("HSCAN", "h", "0", "COUNT", "1000") == array({bulk("0"), bulks({"stays", "7"})}));
      h.run("RPUSH", "list", "x");
      const bool logged = !h.propagated().empty();
      CHECK(logged != paused);
      h.state.disk_error.clear();
      h.run("DEBUG", "SET-ACTIVE-EXPIRE", "1");
      h.settle();
      CHECK(h.stats.expired_fields == 300);
      CHECK(h.run("HLEN", "h") == integer(1));
    }
  }
}

TEST_CASE("Fields that expire: a key whose fields are all due is not there for anybody") {
  for (const char* entries : {"512", "0"}) {
    for (const bool paused : {false, true}) {
      Harness h;
      h.configure("hash-max-listpack-entries", entries);
      h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
      h.run("HSETEX", "h", "PX", "10", "FIELDS", "2", "a", "1", "b", "2");
      h.clock.advance_us(10'000);
      h.propagated();
      if (paused) h.state.disk_error = "the disk is full";
      CHECK(h.run("KEYS", "*") == array({}));
      CHECK(h.run("EXISTS", "h") == integer(0));
      CHECK(h.run("TYPE", "h") == status("none"));
      CHECK(h.run("HLEN", "h") == integer(0));
      CHECK(h.run("RANDOMKEY") == (paused ? bulk("h") : null()));  // as of keys: the last resort
      CHECK(h.propagated() == (paused ? Lines{} : Lines{"DEL h"}));
      h.state.disk_error.clear();
      CHECK(h.run("SET", "h", "1") == status("OK"));
      CHECK(h.run("GET", "h") == bulk("1"));
      CHECK(h.keyspace.deadlines().size() == 0);
    }
  }
}

TEST_CASE("Fields that expire: what writes meets none that is due, and the log is told first") {
  in_both_forms([](Harness& h) {
    h.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    // More than one look removes.
    const auto prepare = [&h] {
      h.run("DEL", "h");
      for (int i = 0; i < 200; ++i) {
        h.run("HSETEX", "h", "PX", "10", "FIELDS", "1", "f" + std::to_string(i), "5");
      }
      h.run("HSET", "h", "stays", "1");
      h.clock.advance_us(10'000);
      h.propagated();
    };
    // What is replayed comes to the same: the record of the field stands before the command's.
    const auto check_logged = [&h](const std::string& field, const std::string& record) {
      const Lines lines = h.propagated();
      bool removed = false;
      for (const std::string& line : lines) {
        if (line.starts_with("HDEL h ") && (line + " ").find(" " + field + " ") != std::string::npos)
          removed = true;
        if (line == record) CHECK(removed);
      }
      CHECK(removed);
    };
    for (const char* field : {"f199", "f0"}) {
      prepare();
      CHECK(h.run("HSET", "h", field, "2") == integer(1));
      check_logged(field, std::string("HSET h ") + field + " 2");
      prepare();
      CHECK(h.run("HSETNX", "h", field, "2") == integer(1));
      check_logged(field, std::string("HSETNX h ") + field + " 2");
      prepare();
      CHECK(h.run("HINCRBY", "h", field, "2") == integer(2));
      check_logged(field, std::string("HINCRBY h ") + field + " 2");
      prepare();
      CHECK(h.run("HINCRBYFLOAT", "h", field, "2.5") == bulk("2.5"));
      check_logged(field, std::string("HSET h ") + field + " 2.5");
      prepare();
      CHECK(h.run("HDEL", "h", field) == integer(0));
      check_logged(field, "");
      prepare();
      CHECK(h.run("HSETEX", "h", "FNX", "FIELDS", "1", field, "9") == integer(1));
      check_logged(field, std::string("HSET h ") + field + " 9");
      prepare();
      CHECK(h.run("HSETEX", "h", "FXX", "FIELDS", "1", field, "9") == integer(0));
      CHECK(h.run("HGETEX", "h", "EX", "10", "FIELDS", "1", field) == array({null()}));
      CHECK(h.run("HGETDEL", "h", "FIELDS", "1", field) == array({null()}));
      CHECK(h.run("HPERSIST", "h", "FIELDS", "1", field) == integers({-2}));
      CHECK(h.run("HEXPIRE", "h", "10", "FIELDS", "1", field) == integers({-2}));
      CHECK(h.run("HLEN", "h") == integer(1));
    }
  });
}

TEST_CASE("Fields that expire: HSET and HDEL forget the deadline, HINCRBY and HINCRBYFLOAT keep it") {
  in_both_forms([](Harness& h) {
    h.run("HSETEX", "h", "PX", "100", "FIELDS", "4", "set", "1", "incr", "1", "float", "1", "del", "1");
    h.run("HSET", "h", "set", "2");
    h.propagated();
    CHECK(h.run("HINCRBY", "h", "incr", "4") == integer(5));
    CHECK(h.run("HINCRBYFLOAT", "h", "float", "0.5") == bulk("1.5"));
    CHECK(h.propagated() == Lines{"HINCRBY h incr 4", "MULTI", "HSET h float 1.5",
                                  "#SLUICE HPEXPIREAT h 1700000000100 FIELDS 1 float", "EXEC"});
    h.run("HDEL", "h", "del");
    h.run("HSET", "h", "del", "2");
    CHECK(h.run("HPTTL", "h", "FIELDS", "4", "set", "incr", "float", "del") == integers({-1, 100, 100, -1}));
    h.advance(100ms);
    CHECK(h.run("HLEN", "h") == integer(2));
  });
}

TEST_CASE("Fields that expire: deadlines go along with COPY, RENAME, MOVE, and DUMP and RESTORE") {
  in_both_forms([](Harness& h) {
    h.run("HSETEX", "h", "PX", "100", "FIELDS", "1", "a", "1");
    h.run("HSET", "h", "b", "2");
    h.run("COPY", "h", "copy");
    h.run("RENAME", "h", "renamed");
    h.run("COPY", "copy", "moved");
    h.run("MOVE", "moved", "3");
    const std::string payload = h.run("DUMP", "copy").text;
    h.propagated();
    CHECK(h.run("RESTORE", "back", "0", payload) == status("OK"));
    const Lines records = h.propagated();
    REQUIRE(records.size() == 1);
    CHECK(records[0].starts_with("RESTORE back 0 "));
    CHECK(records[0].find("sluice-hash-deadlines") != std::string::npos);
    for (const char* key : {"copy", "renamed", "back"}) {
      CHECK(h.run("HPTTL", key, "FIELDS", "2", "a", "b") == integers({100, -1}));
    }
    h.advance(100ms);
    for (const char* key : {"copy", "renamed", "back"}) CHECK(h.run("HGETALL", key) == bulks({"b", "2"}));
    h.run("SELECT", "3");
    CHECK(h.run("HGETALL", "moved") == bulks({"b", "2"}));
    CHECK(h.keyspace.deadlines().size() == 0);
  });
}

TEST_CASE("Fields that expire: what is paused for keys is paused for them, and many go in slices") {
  in_both_forms([](Harness& h) {
    for (int i = 0; i < 3000; ++i) {
      h.run("HSETEX", "h", "PX", "10", "FIELDS", "1", "f" + std::to_string(i), "1");
    }
    h.run("HSET", "h", "stays", "1");
    h.state.disk_error = "the disk is full";
    h.advance(10ms);
    CHECK(h.stats.expired_fields == 0);
    h.state.disk_error.clear();
    CHECK(h.executor.tick());
    CHECK(h.stats.expired_fields >= exec::kFiringsPerTurn);
    CHECK(h.stats.expired_fields < 2 * exec::kFiringsPerTurn);
    h.settle();
    CHECK(h.stats.expired_fields == 3000);
    CHECK(h.run("HLEN", "h") == integer(1));
  });
}

TEST_CASE(
    "Fields that expire: WATCH sees it, SORT does not look at what is due, OBJECT ENCODING tells of it") {
  Harness h;
  h.run("HSET", "plain", "a", "1");
  h.run("HSETEX", "h", "PX", "10", "FIELDS", "1", "w", "5");
  h.run("HSET", "h", "b", "2");
  CHECK(h.run("OBJECT", "ENCODING", "plain") == bulk("listpack"));
  CHECK(h.run("OBJECT", "ENCODING", "h") == bulk("listpackex"));
  CHECK(h.run("DEBUG", "LISTPACK", "h").kind == resp::Kind::kStatus);
  h.run("RPUSH", "list", "h");
  CHECK(h.run("SORT", "list", "BY", "nosort", "GET", "*->w") == bulks({"5"}));
  h.run("WATCH", "h");
  h.advance(10ms);
  CHECK(h.run("SORT", "list", "BY", "nosort", "GET", "*->w") == array({null()}));
  h.run("MULTI");
  h.run("HLEN", "h");
  CHECK(h.run("EXEC").is_null());
  h.run("HPERSIST", "h", "FIELDS", "1", "b");
  CHECK(h.run("OBJECT", "ENCODING", "h") == bulk("listpackex"));
  h.configure("hash-max-listpack-entries", "0");
  h.run("HSET", "h", "c", "3");
  CHECK(h.run("OBJECT", "ENCODING", "h") == bulk("hashtable"));
}

TEST_CASE(
    "Fields that expire: a key may have a deadline of its own besides; FLUSHALL and SWAPDB take all along") {
  in_both_forms([](Harness& h) {
    h.run("HSETEX", "h", "PX", "100", "FIELDS", "1", "a", "1");
    h.run("HSET", "h", "b", "1");
    h.run("PEXPIRE", "h", "50");
    h.advance(50ms);
    CHECK(h.run("EXISTS", "h") == integer(0));
    CHECK(h.keyspace.deadlines().size() == 0);
    h.run("HSETEX", "swapped", "PX", "100", "FIELDS", "1", "a", "1");
    h.run("SWAPDB", "0", "1");
    h.run("HSETEX", "flushed", "PX", "100", "FIELDS", "1", "a", "1");
    h.run("FLUSHDB");
    h.propagated();
    h.advance(100ms);
    CHECK(h.propagated() == Lines{"SELECT 1", "DEL swapped"});
    CHECK(h.keyspace.deadlines().size() == 0);
  });
}

}  // namespace sluice::test
