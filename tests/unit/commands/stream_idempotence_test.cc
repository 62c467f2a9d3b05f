// XADD IDMP and IDMPAUTO, XCFGSET, XIDMPRECORD. Redis 7.0 knows none of it: what is expected here is from the
// page "Idempotent message processing" and those of XADD, XCFGSET and XIDMPRECORD at redis.io (8.6), and from
// the tests of streams that Redis publishes.
#include <doctest/doctest.h>

#include "keyspace/value.h"
#include "resp/extension.h"
#include "resp/parser.h"
#include "support/harness.h"

namespace sluice::test {

namespace {

const types::IdempotenceTable& table_of(Harness& h, const std::string& key) {
  keyspace::Entry* const entry = h.keyspace.database(0).find(key);
  REQUIRE(entry != nullptr);
  const auto* table = keyspace::get_if<types::Stream>(entry->value)->idempotence();
  REQUIRE(table != nullptr);
  return *table;
}

const std::string kTwice = "ERR IDMP/IDMPAUTO specified multiple times";
const std::string kNamedWithId = "ERR IDMP/IDMPAUTO can be used only with auto-generated IDs";
const std::string kInvalidId = "ERR Invalid stream ID specified as stream command argument";

}  // namespace

TEST_CASE("XADD IDMP: sent again under the same name it adds nothing, and answers the first id") {
  Harness h;
  CHECK(h.run("XADD", "s", "IDMP", "p", "order-1", "*", "f", "v") == bulk("1700000000000-0"));
  h.advance(std::chrono::milliseconds(5));
  CHECK(h.run("XADD", "s", "IDMP", "p", "order-1", "*", "other", "fields") == bulk("1700000000000-0"));
  CHECK(h.run("XADD", "s", "IDMP", "q", "order-1", "*", "f", "v") == bulk("1700000000005-0"));
  CHECK(h.run("XADD", "s", "IDMP", "p", "order-2", "*", "f", "v") == bulk("1700000000005-1"));
  CHECK(h.run("XLEN", "s") == integer(3));
  CHECK(table_of(h, "s").added() == 3);
  CHECK(table_of(h, "s").duplicates() == 1);
}

TEST_CASE("XADD IDMP: trims nothing when it adds nothing, and may stand anywhere before the id") {
  Harness h;
  h.run("XADD", "s", "*", "f", "v");
  CHECK(h.run("XADD", "s", "NOMKSTREAM", "IDMP", "p", "1", "KEEPREF", "MAXLEN", "~", "9", "*", "f", "v") ==
        bulk("1700000000000-1"));
  CHECK(h.run("XADD", "s", "MAXLEN", "0", "idmp", "p", "1", "*", "f", "v") == bulk("1700000000000-1"));
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(h.run("XADD", "nokey", "IDMP", "p", "1", "NOMKSTREAM", "*", "f", "v") == null());
  CHECK(h.run("EXISTS", "nokey") == integer(0));
}

TEST_CASE("XADD IDMPAUTO: names and values count, their order does not") {
  Harness h;
  CHECK(h.run("XADD", "s", "IDMPAUTO", "p", "*", "a", "1", "b", "2") == bulk("1700000000000-0"));
  CHECK(h.run("XADD", "s", "IDMPAUTO", "p", "*", "b", "2", "a", "1") == bulk("1700000000000-0"));
  const std::vector<std::vector<std::string>> others = {
      {"a", "2", "b", "1"},       {"a1", "", "b", "2"},          {"a", "1b", "", "2"}, {"a", "1"}, {"", ""},
      {std::string("\0", 1), ""}, {"a", "1", "b", "2", "b", "2"}};
  for (const auto& fields : others) {
    std::vector<std::string> words = {"XADD", "s", "IDMPAUTO", "p", "*"};
    words.insert(words.end(), fields.begin(), fields.end());
    auto& peer = h.client();
    for (int i = 0; i < 2; ++i) peer.send_words(words);
    const auto first = peer.reply();
    CHECK(first.value() == peer.reply().value());
  }
  CHECK(h.run("XLEN", "s") == integer(8));
  CHECK(h.run("XADD", "s", "IDMPAUTO", "q", "*", "a", "1", "b", "2") != bulk("1700000000000-0"));
}

TEST_CASE("XADD IDMP: what it cannot read, or may not be, is refused") {
  Harness h;
  CHECK(h.run("XADD", "s", "IDMP", "p1", "*", "f", "v") == error(kInvalidId));
  CHECK(h.run("XADD", "s", "IDMP", "p", "1", "1-1", "f", "v") == error(kNamedWithId));
  CHECK(h.run("XADD", "s", "IDMPAUTO", "p", "5-*", "f", "v") == error(kNamedWithId));
  CHECK(h.run("XADD", "s", "IDMP", "p", "1", "IDMP", "q", "2", "*", "f", "v") == error(kTwice));
  CHECK(h.run("XADD", "s", "IDMPAUTO", "p", "IDMPAUTO", "q", "*", "f", "v") == error(kTwice));
  CHECK(h.run("XADD", "s", "IDMPAUTO", "p", "IDMP", "q", "2", "*", "f", "v") == error(kTwice));
  CHECK(h.run("XADD", "s", "IDMP", "", "1", "*", "f", "v") ==
        error("ERR IDMP requires a non-empty producer ID"));
  CHECK(h.run("XADD", "s", "IDMP", "p", "", "*", "f", "v") ==
        error("ERR IDMP requires a non-empty idempotent ID"));
  CHECK(h.run("XADD", "s", "IDMPAUTO", "", "*", "f", "v") ==
        error("ERR IDMPAUTO requires a non-empty producer ID"));
  CHECK(h.run("EXISTS", "s") == integer(0));
  CHECK(h.propagated().empty());
  const std::string last = "18446744073709551615";
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.run("XADD", "s", last + "-" + last, "f", "v");
  CHECK(h.run("XADD", "s", "IDMP", "p", "2", "*", "f", "v") ==
        error("ERR The stream has exhausted the last possible ID, unable to add more items"));
}

TEST_CASE("XADD IDMP: names are forgotten in time, and beyond their number") {
  Harness h;
  h.run("XADD", "s", "*", "f", "v");
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "2", "IDMP-MAXSIZE", "3") == status("OK"));
  const resp::Value first = h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.advance(std::chrono::milliseconds(1999));
  CHECK(h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v") == first);
  h.advance(std::chrono::milliseconds(1));
  CHECK(h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v") != first);
  const resp::Value second = h.run("XADD", "s", "IDMP", "p", "2", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "p", "3", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "p", "4", "*", "f", "v");
  CHECK(h.run("XADD", "s", "IDMP", "p", "2", "*", "f", "v") == second);
  CHECK(table_of(h, "s").size() == 3);
  CHECK(table_of(h, "s").added() == 5);
}

TEST_CASE("XADD IDMP: the defaults are those configured when a stream begins to remember") {
  Harness h;
  h.configure("stream-idmp-duration", "7");
  h.configure("stream-idmp-maxsize", "8");
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.configure("stream-idmp-maxsize", "9");
  CHECK(table_of(h, "s").limits() == types::IdempotenceLimits{7, 8});
  CHECK(h.run("CONFIG", "SET", "stream-idmp-duration", "0") != status("OK"));
  CHECK(h.run("CONFIG", "SET", "stream-idmp-maxsize", "10001") != status("OK"));
}

TEST_CASE("XCFGSET: other limits forget what is remembered, the same ones do not") {
  Harness h;
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "5") == error("ERR no such key"));
  const resp::Value first = h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "100", "IDMP-MAXSIZE", "100") == status("OK"));
  CHECK(h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v") == first);
  CHECK(h.run("XCFGSET", "s", "idmp-maxsize", "5000") == status("OK"));
  CHECK(h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v") != first);
  CHECK(h.run("XLEN", "s") == integer(2));
  CHECK(table_of(h, "s").limits() == types::IdempotenceLimits{100, 5000});
  CHECK(table_of(h, "s").added() == 2);
  CHECK(table_of(h, "s").duplicates() == 1);
}

TEST_CASE(
    "XCFGSET: many names that are forgotten are freed in slices, and so are those of a deleted stream") {
  Harness h;
  h.run("XADD", "s", "*", "f", "v");
  h.run("XCFGSET", "s", "IDMP-MAXSIZE", "5000");
  for (const bool deleted : {false, true}) {
    for (int i = 0; i < 1000; ++i) h.run("XADD", "s", "IDMP", "p", std::to_string(i), "*", "f", "v");
    h.run("XTRIM", "s", "MAXLEN", "0");
    while (h.keyspace.graveyard().step(1000, h.keyspace.deadlines())) {
    }
    if (deleted) {
      h.run("DEL", "s");
    } else {
      h.run("XCFGSET", "s", "IDMP-MAXSIZE", "4000");
    }
    int slices = 1;
    while (h.keyspace.graveyard().step(100, h.keyspace.deadlines())) ++slices;
    CHECK(slices >= 10);
  }
}

TEST_CASE("XCFGSET: refuses what it cannot read") {
  Harness h;
  h.run("XADD", "s", "*", "f", "v");
  h.run("SET", "text", "x");
  const std::string kDuration = "ERR IDMP-DURATION must be between 1 and 86400 seconds";
  const std::string kMaxsize = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
  const std::string kNumber = "ERR value is not an integer or out of range";
  CHECK(h.run("XCFGSET", "s") == error("ERR At least one parameter must be specified"));
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION") == error("ERR syntax error"));
  CHECK(h.run("XCFGSET", "s", "FOO") == error("ERR syntax error"));
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "0") == error(kDuration));
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "86401") == error(kDuration));
  CHECK(h.run("XCFGSET", "s", "IDMP-MAXSIZE", "-50") == error(kMaxsize));
  CHECK(h.run("XCFGSET", "s", "IDMP-MAXSIZE", "10001") == error(kMaxsize));
  CHECK(h.run("XCFGSET", "s", "IDMP-MAXSIZE", "000000000") == error(kNumber));
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "IDMP-DURATION", "IDMP-DURATION") == error(kNumber));
  CHECK(h.run("XCFGSET", "s", "IDMP-DURATION", "7", "IDMP-MAXSIZE") == error("ERR syntax error"));
  CHECK(h.run("XCFGSET", "text", "IDMP-DURATION", "7") ==
        error("WRONGTYPE Operation against a key holding the wrong kind of value"));
}

TEST_CASE("XIDMPRECORD: notes what an entry was sent as, once") {
  Harness h;
  h.run("XADD", "s", "5-1", "f", "v");
  h.run("XADD", "s", "5-2", "f", "v");
  CHECK(h.run("XIDMPRECORD", "nokey", "p", "1", "5-1") == error("ERR no such key"));
  CHECK(h.run("XIDMPRECORD", "s", "p", "1", "x") == error(kInvalidId));
  CHECK(h.run("XIDMPRECORD", "s", "", "1", "5-1") ==
        error("ERR XIDMPRECORD requires a non-empty producer ID"));
  CHECK(h.run("XIDMPRECORD", "s", "p", "", "5-1") ==
        error("ERR XIDMPRECORD requires a non-empty idempotent ID"));
  CHECK(h.run("XIDMPRECORD", "s", "p", "1", "5-3") ==
        error("ERR The specified stream ID was deleted or doesn't exist"));
  h.propagated();
  CHECK(h.run("XIDMPRECORD", "s", "p", "1", "5-1") == status("OK"));
  CHECK(h.run("XIDMPRECORD", "s", "p", "1", "5-1") == status("OK"));
  CHECK(h.run("XIDMPRECORD", "s", "p", "1", "5-2") ==
        error("ERR The specified IDMP producer-id/idempotent-id pair maps to a different stream ID"));
  CHECK(table_of(h, "s").added() == 1);
  CHECK(table_of(h, "s").duplicates() == 0);
  for (const std::string& line : h.propagated()) CHECK(line.find("XIDMPRECORD s p 1 5-2") == line.npos);
}

TEST_CASE("XADD IDMP: Redis 7.0 gets the entries from the log, and the rest is hidden from it") {
  Harness h;
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  Lines shown;
  for (const std::string& line : h.propagated()) {
    if (!line.starts_with("#SLUICE")) shown.push_back(line);
  }
  CHECK(shown == Lines{"MULTI", "XADD s 1700000000000-0 f v", "EXEC"});
}

TEST_CASE("XADD IDMP: DUMP, RESTORE and COPY keep what is remembered") {
  Harness h;
  const resp::Value first = h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.run("XADD", "s", "IDMPAUTO", "q", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  CHECK(h.run("COPY", "s", "copy") == integer(1));
  const resp::Value dumped = h.run("DUMP", "s");
  CHECK(h.run("RESTORE", "restored", "0", dumped.text) == status("OK"));
  for (const std::string key : {"copy", "restored"}) {
    CHECK(h.run("XADD", key, "IDMP", "p", "1", "*", "f", "v") == first);
    CHECK(table_of(h, key).added() == 2);
    CHECK(table_of(h, key).duplicates() == 2);
    CHECK(h.run("XLEN", key) == integer(2));
  }
  CHECK(table_of(h, "s").duplicates() == 1);
}

TEST_CASE("XADD IDMP: works in transactions and scripts, and wakes who reads") {
  Harness h;
  auto& reader = h.client();
  reader.send("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
  h.run("MULTI");
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  h.run("XADD", "s", "IDMP", "p", "1", "*", "f", "v");
  const resp::Value both = h.run("EXEC");
  CHECK(both == array({bulk("1700000000000-0"), bulk("1700000000000-0")}));
  CHECK(reader.reply().has_value());
  CHECK(h.run("EVAL", "return redis.call('XADD', KEYS[1], 'IDMP', 'p', '1', '*', 'f', 'v')", "1", "s") ==
        bulk("1700000000000-0"));
}

TEST_CASE("XIDMPRECORD: a name that was too old when it was noted again is noted anew by the log, too") {
  Harness h;
  Harness copy;
  std::string id;
  for (Harness* each : {&h, &copy}) {
    each->run("XADD", "s", "*", "f", "v");
    each->run("XCFGSET", "s", "IDMP-DURATION", "1");
    id = each->run("XADD", "s", "IDMP", "p", "i", "*", "f", "v").text;
    each->advance(std::chrono::milliseconds(1300));
    each->run("XADD", "s", "*", "x", "y");
  }
  CHECK(h.run("XIDMPRECORD", "s", "p", "i", id) == status("OK"));
  const std::vector<base::ByteView> logged = {"XIDMPRECORD", "s", "p", "i", id};
  REQUIRE(copy.executor.replay(copy.first().client, logged).ok());
  for (Harness* each : {&h, &copy}) {
    CHECK(table_of(*each, "s").added() == 2);
    CHECK(table_of(*each, "s").duplicates() == 0);
  }
}

}  // namespace sluice::test
