#include <doctest/doctest.h>

#include "support/harness.h"

namespace sluice::test {

namespace {

const std::string kKeyRequired =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the "
    "MKSTREAM option to create an empty stream automatically.";
const std::string kInvalidId = "ERR Invalid stream ID specified as stream command argument";

std::string first_group(Harness& h) {
  return h.text("XINFO", "GROUPS", "s");
}

}  // namespace

TEST_CASE("XGROUP CREATE: at an id, at the end, and with the stream") {
  Harness h;
  h.run("XADD", "s", "5-1", "f", "v");
  h.propagated();
  CHECK(h.run("XGROUP", "CREATE", "s", "g", "3") == status("OK"));
  CHECK(h.run("XGROUP", "CREATE", "s", "e", "$", "ENTRIESREAD", "1") == status("OK"));
  CHECK(h.run("XGROUP", "CREATE", "n", "g", "$", "MKSTREAM") == status("OK"));
  CHECK(h.propagated() ==
        Lines{"XGROUP CREATE s g 3", "XGROUP CREATE s e $ ENTRIESREAD 1", "XGROUP CREATE n g $ MKSTREAM"});
  CHECK(first_group(h) ==
        "[[\"name\", \"e\", \"consumers\", 0, \"pending\", 0, \"last-delivered-id\", \"5-1\", "
        "\"entries-read\", 1, \"lag\", 0], [\"name\", \"g\", \"consumers\", 0, \"pending\", 0, "
        "\"last-delivered-id\", \"3-0\", \"entries-read\", nil, \"lag\", 1]]");
  CHECK(h.run("XLEN", "n") == integer(0));
  CHECK(h.run("XGROUP", "CREATE", "s", "g", "0") == error("BUSYGROUP Consumer Group name already exists"));
  CHECK(h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM") ==
        error("BUSYGROUP Consumer Group name already exists"));
}

TEST_CASE("XGROUP CREATE: refuses bad words in Redis's order, and leaves no stream behind") {
  Harness h;
  h.run("SET", "str", "x");
  const std::string syntax =
      "ERR unknown subcommand or wrong number of arguments for 'create'. Try XGROUP HELP.";
  CHECK(h.run("XGROUP", "create", "str", "g", "bad", "odd") == error(syntax));
  CHECK(h.run("XGROUP", "create", "str", "g", "0", "ENTRIESREAD") == error(syntax));
  CHECK(h.run("XGROUP", "CREATE", "str", "g", "0", "ENTRIESREAD", "x") ==
        error("ERR value is not an integer or out of range"));
  CHECK(h.run("XGROUP", "CREATE", "str", "g", "0", "ENTRIESREAD", "-2") ==
        error("ERR value for ENTRIESREAD must be positive or -1"));
  CHECK(h.run("XGROUP", "CREATE", "str", "g", "bad").text.starts_with("WRONGTYPE"));
  CHECK(h.run("XGROUP", "CREATE", "s", "g", "bad") == error(kKeyRequired));
  CHECK(h.run("XGROUP", "CREATE", "s", "g", "bad", "MKSTREAM") == error(kInvalidId));
  CHECK(h.run("XGROUP", "CREATE", "s", "g", "-", "MKSTREAM") == error(kInvalidId));
  CHECK(h.run("EXISTS", "s") == integer(0));
  CHECK(h.run("XGROUP", "CREATE", "s") == error("ERR wrong number of arguments for 'xgroup|create' command"));
  CHECK(h.run("XGROUP", "odd") == error("ERR unknown subcommand 'odd'. Try XGROUP HELP."));
}

TEST_CASE("XGROUP SETID: moves the group, and takes the ends of a range") {
  Harness h;
  h.run("XADD", "s", "5-1", "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  CHECK(h.run("XGROUP", "SETID", "s", "g", "$", "ENTRIESREAD", "7") == status("OK"));
  CHECK(first_group(h).find("\"5-1\", \"entries-read\", 7, \"lag\", 0") != std::string::npos);
  CHECK(h.run("XGROUP", "SETID", "s", "g", "-") == status("OK"));
  CHECK(first_group(h).find("\"0-0\", \"entries-read\", nil, \"lag\", 1") != std::string::npos);
  CHECK(h.run("XGROUP", "SETID", "s", "g", "+") == status("OK"));
  CHECK(first_group(h).find("\"18446744073709551615-18446744073709551615\"") != std::string::npos);
  CHECK(h.run("XGROUP", "SETID", "s", "g", "x") == error(kInvalidId));
  CHECK(h.run("XGROUP", "SETID", "s", "no", "x") ==
        error("NOGROUP No such consumer group 'no' for key name 's'"));
  CHECK(h.run("XGROUP", "SETID", "no", "g", "0") == error(kKeyRequired));
  CHECK(h.run("XGROUP", "setid", "s", "g", "0", "MKSTREAM") ==
        error("ERR unknown subcommand or wrong number of arguments for 'setid'. Try XGROUP HELP."));
}

TEST_CASE("XGROUP: consumers are made once, and go with what they have pending") {
  Harness h;
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  CHECK(h.run("XGROUP", "CREATECONSUMER", "s", "g", "c") == integer(1));
  CHECK(h.run("XGROUP", "CREATECONSUMER", "s", "g", "c") == integer(0));
  CHECK(h.run("XGROUP", "CREATECONSUMER", "s", "no", "c") ==
        error("NOGROUP No such consumer group 'no' for key name 's'"));
  for (int i = 1; i <= 3; ++i) h.run("XADD", "s", std::to_string(i), "f", "v");
  h.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">");
  h.run("XREADGROUP", "GROUP", "g", "other", "STREAMS", "s", ">");
  h.propagated();
  CHECK(h.run("XGROUP", "DELCONSUMER", "s", "g", "nobody") == integer(0));
  CHECK(h.propagated().empty());
  CHECK(h.run("XGROUP", "DELCONSUMER", "s", "g", "c") == integer(2));
  CHECK(h.propagated() == Lines{"XGROUP DELCONSUMER s g c"});
  CHECK(h.text("XPENDING", "s", "g") == "[1, \"3-0\", \"3-0\", [[\"other\", \"1\"]]]");
}

TEST_CASE("XGROUP DESTROY: says whether there was a group") {
  Harness h;
  CHECK(h.run("XGROUP", "DESTROY", "s", "g") == error(kKeyRequired));
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  CHECK(h.run("XGROUP", "DESTROY", "s", "g") == integer(1));
  CHECK(h.run("XGROUP", "DESTROY", "s", "g") == integer(0));
  CHECK(h.run("XINFO", "GROUPS", "s") == array({}));
  CHECK(h.run("EXISTS", "s") == integer(1));
}

TEST_CASE("XGROUP: tells subscribers, and disturbs no watcher") {
  Harness h;
  h.configure("notify-keyspace-events", "Et");
  Peer& peer = h.client();
  h.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
  peer.run("WATCH", "s");
  h.run("XGROUP", "CREATE", "s", "g2", "0");
  h.run("XGROUP", "SETID", "s", "g", "$");
  h.run("XGROUP", "CREATECONSUMER", "s", "g", "c");
  h.run("XGROUP", "DELCONSUMER", "s", "g", "c");
  h.run("XREADGROUP", "GROUP", "g", "d", "STREAMS", "s", ">");
  h.run("XGROUP", "DESTROY", "s", "g2");
  CHECK(h.events() == Lines{"__keyevent@0__:xgroup-create s", "__keyevent@0__:xgroup-create s",
                            "__keyevent@0__:xgroup-setid s", "__keyevent@0__:xgroup-createconsumer s",
                            "__keyevent@0__:xgroup-delconsumer s", "__keyevent@0__:xgroup-createconsumer s",
                            "__keyevent@0__:xgroup-destroy s"});
  peer.run("MULTI");
  peer.run("PING");
  CHECK(peer.run("EXEC") == array({status("PONG")}));
}

TEST_CASE("XGROUP: a hundred thousand groups, and as many consumers of one") {
  constexpr size_t kMany = 100'000;
  Harness h;
  h.run("XADD", "s", "1", "f", "v");
  for (size_t i = 0; i < kMany; ++i) h.run("XGROUP", "CREATE", "s", "g" + std::to_string(i), "0");
  CHECK(h.run("XINFO", "GROUPS", "s").children.size() == kMany);
  for (size_t i = 0; i < kMany; ++i) h.run("XGROUP", "CREATECONSUMER", "s", "g7", "c" + std::to_string(i));
  h.run("XREADGROUP", "GROUP", "g7", "c500", "STREAMS", "s", ">");
  CHECK(h.run("XINFO", "CONSUMERS", "s", "g7").children.size() == kMany);
  CHECK(h.text("XPENDING", "s", "g7") == "[1, \"1-0\", \"1-0\", [[\"c500\", \"1\"]]]");
  CHECK(h.run("XGROUP", "DESTROY", "s", "g7") == integer(1));
  CHECK(h.run("DEL", "s") == integer(1));
}

TEST_CASE("XGROUP: ids at the end of all ids leave nothing to read") {
  Harness h;
  const std::string last = "18446744073709551615-18446744073709551615";
  h.run("XADD", "s", last, "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "18446744073709551615-18446744073709551614");
  CHECK(h.text("XREADGROUP", "GROUP", "g", "c", "COUNT", "0", "STREAMS", "s", ">") ==
        "[[\"s\", [[\"" + last + "\", [\"f\", \"v\"]]]]]");
  CHECK(h.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">") == null_array());
  CHECK(h.text("XPENDING", "s", "g", "-", "+", "9") == "[[\"" + last + "\", \"c\", 0, 1]]");
  CHECK(h.text("XAUTOCLAIM", "s", "g", "d", "0", "-", "JUSTID") == "[\"0-0\", [\"" + last + "\"], []]");
  CHECK(
      h.text("XREADGROUP", "GROUP", "g", "d", "STREAMS", "s", "18446744073709551615-18446744073709551614") ==
      "[[\"s\", [[\"" + last + "\", [\"f\", \"v\"]]]]]");
  CHECK(h.run("XACK", "s", "g", last) == integer(1));
  CHECK(first_group(h).find("\"lag\", 0") != std::string::npos);
}

TEST_CASE("XGROUP HELP: lists the subcommands") {
  Harness h;
  CHECK(h.text("XGROUP", "HELP").find("CREATECONSUMER key groupname consumername") != std::string::npos);
}

TEST_CASE("XGROUP SETID: an entries-read beyond all numbers, as older logs have it, counts as not known") {
  Harness h;
  h.run("XADD", "s", "1", "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  client::Client loader(99);
  loader.set(client::kLoader);
  const std::vector<base::ByteView> words = {
      "XGROUP", "SETID", "s", "g", "1-0", "ENTRIESREAD", "-9223372036854775808"};
  REQUIRE(h.executor.replay(loader, words).ok());
  CHECK(h.text("XINFO", "GROUPS", "s").find("\"entries-read\", nil") != std::string::npos);
  CHECK(h.run("XGROUP", "SETID", "s", "g", "1-0", "ENTRIESREAD", "-2") ==
        error("ERR value for ENTRIESREAD must be positive or -1"));
}

}  // namespace sluice::test
