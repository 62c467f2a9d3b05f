#include "aof/item.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/log_fixture.h"

using namespace sluice::aof;
using sluice::testing::record;

TEST_CASE("Item: a record gives its arguments and its size") {
  std::vector<ByteView> args;
  const std::string bytes = record({"SET", "", "a\r\nb"}) + "*1\r\n";
  const Item item = next_item(bytes, args);
  REQUIRE(item.kind == ItemKind::kRecord);
  CHECK(item.size == bytes.size() - 4);
  CHECK(args == std::vector<ByteView>{"SET", "", "a\r\nb"});
}

TEST_CASE("Item: every beginning of a record is incomplete and asks for more than is there") {
  std::vector<ByteView> args;
  const std::string bytes = record({"RPUSH", "queue", std::string(300, 'x')});
  for (size_t size = 1; size < bytes.size(); ++size) {
    const Item item = next_item(ByteView(bytes).substr(0, size), args);
    REQUIRE(item.kind == ItemKind::kIncomplete);
    CHECK(item.size > size);
    CHECK(item.size <= bytes.size());
  }
}

TEST_CASE("Item: what is not a record is malformed") {
  std::vector<ByteView> args;
  for (const char* bytes : {"x", "$3\r\nabc\r\n", "*0\r\n", "*01\r\n$1\r\na\r\n", "*-1\r\n", "*1\r\n:1\r\n",
                            "*1\r\n$-1\r\n", "*1\n$1\r\na\r\n", "*1\r\n$1\r\nab\r\n", "*1\r\n$1\r\na\rX",
                            "*2000000\r\n", "*11111111111111111111", "\r\n"}) {
    CAPTURE(bytes);
    CHECK(next_item(bytes, args).kind == ItemKind::kMalformed);
  }
  CHECK(next_item(ByteView("\0", 1), args).kind == ItemKind::kMalformed);
}

TEST_CASE("Item: what is not a record is malformed with more behind it, too") {
  std::vector<ByteView> args;
  const std::string more(64, '1');
  for (const char* bytes : {"*", "*0\r\n", "*01\r\n$1\r\na\r\n", "*-1\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n",
                            "*1\n$1\r\na\r\n", "*1\r$1\r\na\r\n", "*1\r\n$1\r\nab\r\n", "*1\r\n$\r\n\r\n",
                            "*1\r\n$00\r\n\r\n", "*1 \r\n$1\r\na\r\n", "*2000000\r\n"}) {
    CAPTURE(bytes);
    CHECK(next_item(bytes + more, args).kind == ItemKind::kMalformed);
  }
  const Item item = next_item("*2\r\n$0\r\n\r\n$12\r\n" + more.substr(0, 12) + "\r\n" + more, args);
  CHECK(item.kind == ItemKind::kRecord);
  CHECK(item.size == 29);
}

TEST_CASE("Item: lines end in a line feed, and a line too long for Redis is none") {
  std::vector<ByteView> args;
  Item item = next_item("#TS:1\r\n*1\r\n", args);
  CHECK(item.kind == ItemKind::kLine);
  CHECK(item.line == "#TS:1");
  CHECK(item.size == 7);
  CHECK(next_item("#TS", args).kind == ItemKind::kIncomplete);
  CHECK(next_item("#" + std::string(2000, 'a'), args).kind == ItemKind::kMalformed);
  CHECK(next_item(ByteView("#a\0b\n", 5), args).kind == ItemKind::kMalformed);
}

TEST_CASE("Item: MULTI and EXEC are known in any case, and only alone") {
  CHECK(group_mark({"MULTI"}) == GroupMark::kMulti);
  CHECK(group_mark({"multi"}) == GroupMark::kMulti);
  CHECK(group_mark({"eXec"}) == GroupMark::kExec);
  CHECK(group_mark({"SET", "MULTI"}) == GroupMark::kNone);
  CHECK(group_mark({"EXEC", "x"}) == GroupMark::kNone);
}
