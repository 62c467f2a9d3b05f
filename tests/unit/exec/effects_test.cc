#include "exec/effects.h"

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

using Words = std::vector<base::ByteView>;

}  // namespace

TEST_CASE("append_command: the canonical multibulk, whatever the bytes") {
  base::Bytes out;
  append_command(out, Words{"LPUSH", "", base::ByteView("a\r\n\0b", 5)});
  CHECK(out == base::Bytes("*3\r\n$5\r\nLPUSH\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n", 32));
}

TEST_CASE("Effects: records are counted and kept in order") {
  Effects effects;
  CHECK(effects.empty());
  CHECK(effects.first_db() == -1);
  effects.record(2, Words{"A"});
  effects.record_wire(2, "*1\r\n$1\r\nB\r\n");
  CHECK(effects.records() == "*1\r\n$1\r\nA\r\n*1\r\n$1\r\nB\r\n");
  CHECK(effects.record_count() == 2);
  CHECK(effects.first_db() == 2);
  CHECK(effects.last_db() == 2);
  CHECK_FALSE(effects.empty());
}

TEST_CASE("Effects: a SELECT stands between records of different databases, none before the first") {
  Effects effects;
  effects.record(1, Words{"A"});
  effects.record(0, Words{"B"});
  effects.record(0, Words{"C"});
  CHECK(effects.records() ==
        "*1\r\n$1\r\nA\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n");
  CHECK(effects.record_count() == 4);
  CHECK(effects.first_db() == 1);
  CHECK(effects.last_db() == 0);
}

TEST_CASE("Effects: messages are effects, too, and copies") {
  Effects effects;
  {
    const base::Bytes channel = "news";
    effects.message(client::Topic::kChannel, channel, "hello");
  }
  CHECK_FALSE(effects.empty());
  CHECK(effects.record_count() == 0);
  REQUIRE(effects.messages().size() == 1);
  CHECK(std::get<Publication>(effects.messages()[0]).channel == "news");
  CHECK(std::get<Publication>(effects.messages()[0]).payload == "hello");
}

TEST_CASE("Effects: monitors see the time, the database, who, and every byte of a command") {
  Effects effects;
  client::Client caller(7);
  caller.address = "10.1.2.3:4567";
  caller.db = 5;
  const base::ByteView words[] = {"SET", base::ByteView("a\"\\\n\r\t\a\b\x01\xff\0z", 12), ""};
  effects.monitor_line(caller, words, 1'700'000'000'000'042);
  caller.set(client::kInScript);
  effects.monitor_line(caller, std::span<const base::ByteView>(words, 1), 1'000'000);
  CHECK(effects.record_count() == 0);
  REQUIRE(effects.messages().size() == 2);
  CHECK(std::get<MonitorLine>(effects.messages()[0]).text ==
        "+1700000000.000042 [5 10.1.2.3:4567] \"SET\" "
        "\"a\\\"\\\\\\n\\r\\t\\a\\b\\x01\\xff\\x00z\" \"\"\r\n");
  CHECK(std::get<MonitorLine>(effects.messages()[1]).text == "+1.000000 [5 lua] \"SET\"\r\n");
}

TEST_CASE("Effects: an invalidation is a message like others, whatever its bytes") {
  Effects effects;
  effects.invalidate({base::Bytes("a\0b", 3), {{7, 0}, {8, 9}}});
  CHECK_FALSE(effects.empty());
  const auto& invalidation = std::get<client::Invalidation>(effects.messages()[0]);
  CHECK(invalidation.key == base::Bytes("a\0b", 3));
  REQUIRE(invalidation.listeners.size() == 2);
  CHECK(invalidation.listeners[1].tracker == 8);
  CHECK(invalidation.listeners[1].redirect == 9);
}

TEST_CASE("Effects: a keyspace event is told as far as it is wanted") {
  using namespace keyspace;  // NOLINT(google-build-using-namespace): its classes
  Effects effects;
  effects.keyspace_event(kEventKeyspace | kEventList, events::del, 0, "q");
  effects.keyspace_event(kEventList, events::lpush, 0, "q");
  CHECK(effects.empty());
  effects.keyspace_event(kEventKeyspace | kEventKeyevent | kEventList, events::lpush, 12, "q");
  REQUIRE(effects.messages().size() == 2);
  CHECK(std::get<Publication>(effects.messages()[0]).channel == "__keyspace@12__:q");
  CHECK(std::get<Publication>(effects.messages()[0]).payload == "lpush");
  CHECK(std::get<Publication>(effects.messages()[1]).channel == "__keyevent@12__:lpush");
  CHECK(std::get<Publication>(effects.messages()[1]).payload == "q");
}

TEST_CASE("Effects: cleared, they are as new") {
  Effects effects;
  effects.record(3, Words{"A", base::Bytes(3'000'000, 'x')});
  effects.message(client::Topic::kChannel, "c", "p");
  effects.clear();
  CHECK(effects.empty());
  CHECK(effects.record_count() == 0);
  CHECK(effects.first_db() == -1);
  effects.record(0, Words{"B"});
  CHECK(effects.records() == "*1\r\n$1\r\nB\r\n");
}

}  // namespace sluice::exec
