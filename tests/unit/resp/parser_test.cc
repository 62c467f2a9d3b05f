#include "resp/parser.h"

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"
#include "support/parser_feed.h"

using namespace sluice;
using base::Bytes;
using base::ByteView;
using resp::Parser;
using resp::ParserLimits;
using testing::feed_in_pieces;
using testing::Heard;
using testing::multibulk;
using Request = std::vector<Bytes>;

namespace {

// Whole, byte by byte, and cut at random: a parser must not be able to tell.
Heard hear(ByteView bytes, const ParserLimits& limits = {}) {
  const Heard whole = feed_in_pieces(bytes, limits, [&] { return bytes.size(); });
  if (bytes.size() < 300'000) {
    const Heard single = feed_in_pieces(bytes, limits, [] { return size_t{1}; });
    CHECK(single.requests == whole.requests);
    CHECK(single.error == whole.error);
    CHECK(single.wires == whole.wires);
  }
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    base::Random random(seed);
    const uint64_t longest = seed % 2 == 0 ? 10 : bytes.size() + 1;
    const Heard pieces = feed_in_pieces(bytes, limits, [&] { return 1 + random.below(longest); });
    CAPTURE(seed);
    CHECK(pieces.requests == whole.requests);
    CHECK(pieces.error == whole.error);
    CHECK(pieces.wires == whole.wires);
  }
  return whole;
}

std::string error_of(ByteView bytes, const ParserLimits& limits = {}) {
  return hear(bytes, limits).error;
}

}  // namespace

TEST_CASE("Parser: a pipeline of multibulks yields every request in order") {
  const Bytes wire =
      multibulk({"LPUSH", "q", Bytes(100, 'x')}) + multibulk({"PING"}) + multibulk({"", Bytes(3, '\0')});
  const Heard heard = hear(wire);
  CHECK(heard.error.empty());
  CHECK(heard.requests ==
        std::vector<Request>{{"LPUSH", "q", Bytes(100, 'x')}, {"PING"}, {"", Bytes(3, '\0')}});
}

TEST_CASE("Parser: an inline line is split into words, with CRLF or LF alone") {
  const Heard heard = hear("SET k \"two words\\n\"\r\nGET k\n");
  CHECK(heard.requests == std::vector<Request>{{"SET", "k", "two words\n"}, {"GET", "k"}});
}

TEST_CASE("Parser: inline and multibulk requests may alternate") {
  const Heard heard = hear("PING\r\n" + multibulk({"ECHO", "a"}) + "PING\r\n");
  CHECK(heard.requests == std::vector<Request>{{"PING"}, {"ECHO", "a"}, {"PING"}});
}

TEST_CASE("Parser: blank lines and counts of zero or less are no requests") {
  const Heard heard = hear("\r\n\n  \r\n*0\r\n*-1\r\n*-5\r\nPING\r\n*0\r\n");
  CHECK(heard.error.empty());
  CHECK(heard.requests == std::vector<Request>{{"PING"}});
}

TEST_CASE("Parser: a thousand blank lines before a request leave nothing to carry") {
  Bytes blanks;
  for (int i = 0; i < 1000; ++i) blanks += "*0\r\n\r\n";
  const Bytes wire = blanks + "*1\r\n$4\r\nPI";
  Parser parser;
  CHECK(parser.next(wire, {}) == Parser::Status::kNeedMore);
  CHECK(parser.carry() == "*1\r\n$4\r\nPI");
  CHECK_FALSE(parser.idle());
}

TEST_CASE("Parser: counts are numbers in strict form") {
  for (const char* bad : {"*abc\r\n", "*\r\n", "*01\r\n", "*+1\r\n", "*1 \r\n", "*2147483648\r\n", "*-\r\n",
                          "*-0\r\n", "*99999999999999999999\r\n", "*1\n2\r\n"}) {
    CAPTURE(bad);
    CHECK(error_of(bad) == "ERR Protocol error: invalid multibulk length");
  }
}

TEST_CASE("Parser: bulk lengths are numbers in strict form, within the limit") {
  for (const char* bad : {"$-1", "$abc", "$", "$01", "$536870913", "$9223372036854775808"}) {
    CAPTURE(bad);
    CHECK(error_of(Bytes("*1\r\n") + bad + "\r\n") == "ERR Protocol error: invalid bulk length");
  }
  ParserLimits small;
  small.max_bulk_bytes = 4;
  CHECK(hear("*1\r\n$4\r\nPING\r\n", small).requests.size() == 1);
  CHECK(error_of("*1\r\n$5\r\nPINGS\r\n", small) == "ERR Protocol error: invalid bulk length");
}

TEST_CASE("Parser: what stands in place of a bulk is named in the error") {
  CHECK(error_of("*1\r\nxPING\r\n") == "ERR Protocol error: expected '$', got 'x'");
  CHECK(error_of("*1\r\n:5\r\n") == "ERR Protocol error: expected '$', got ':'");
}

TEST_CASE("Parser: requests before a broken one are handed out first") {
  const Heard heard = hear("PING\r\n*1\r\n$4\r\nPING\r\n*x\r\n");
  CHECK(heard.requests == std::vector<Request>{{"PING"}, {"PING"}});
  CHECK(heard.error == "ERR Protocol error: invalid multibulk length");
}

TEST_CASE("Parser: quotes that do not balance are refused") {
  CHECK(error_of("GET \"a\r\n") == "ERR Protocol error: unbalanced quotes in request");
}

TEST_CASE("Parser: a line may have 64 KiB, and not a byte more") {
  const Bytes at_limit(resp::kMaxInlineBytes, 'a');
  CHECK(feed_in_pieces(at_limit + "\n", {}, [] { return size_t{7}; }).requests.size() == 1);
  CHECK(feed_in_pieces(at_limit + "a\n", {}, [] { return size_t{70000}; }).error ==
        "ERR Protocol error: too big inline request");
  CHECK(feed_in_pieces(at_limit + "a", {}, [] { return size_t{7}; }).error ==
        "ERR Protocol error: too big inline request");
  CHECK(feed_in_pieces("*" + at_limit, {}, [] { return size_t{7}; }).error ==
        "ERR Protocol error: too big mbulk count string");
  CHECK(feed_in_pieces("*1\r\n$" + at_limit, {}, [] { return size_t{7}; }).error ==
        "ERR Protocol error: too big bulk count string");
}

TEST_CASE("Parser: a stranger gets ten arguments of 16 KiB") {
  ParserLimits stranger;
  stranger.authenticated = false;
  CHECK(hear(multibulk(Request(10, "a")), stranger).requests.size() == 1);
  CHECK(error_of("*11\r\n", stranger) == "ERR Protocol error: unauthenticated multibulk length");
  CHECK(error_of("*1\r\n$16385\r\n", stranger) == "ERR Protocol error: unauthenticated bulk length");
  CHECK(feed_in_pieces(multibulk({Bytes(16384, 'a')}), stranger, [] {
          return size_t{5000};
        }).requests.size() == 1);
  CHECK(hear("*11\r\n").error.empty());
}

TEST_CASE("Parser: the count of arguments can be limited") {
  ParserLimits few;
  few.max_args = 3;
  CHECK(error_of("*4\r\n", few) == "ERR Protocol error: invalid multibulk length");
  CHECK(hear(multibulk({"a", "b", "c"}), few).requests.size() == 1);
}

TEST_CASE("Parser: wire() is the request's own bytes when it came as a canonical multibulk") {
  const Bytes first = multibulk({"SET", "a", "b"});
  const Bytes second = multibulk({"GET", "a"});
  CHECK(hear(first + "\r\n" + second).wires == std::vector<Bytes>{first, second});
}

TEST_CASE("Parser: wire() is empty for inline requests and for odd line ends") {
  const Heard heard = hear("PING\r\n*1\r\n$4\r\nPINGxx*1\rx$4\rxPING\r\n" + multibulk({"PING"}));
  CHECK(heard.requests.size() == 4);
  CHECK(heard.wires == std::vector<Bytes>{"", "", "", multibulk({"PING"})});
}

TEST_CASE("Parser: a big bulk that is all here stays a view into the input") {
  const Bytes wire = multibulk({"SET", "k", Bytes(resp::kBigBulkBytes, 'v')});
  Parser parser;
  REQUIRE(parser.next(wire, {}) == Parser::Status::kRequest);
  CHECK_FALSE(parser.is_big(2));
  CHECK(parser.wire() == wire);
  CHECK(parser.args()[2].data() > wire.data());
}

TEST_CASE("Parser: a big bulk is read into one buffer of its size, which the handler may keep") {
  const Bytes payload(1'000'000, 'v');
  const Bytes wire = multibulk({"SET", "k", payload, "KEEPTTL"}) + multibulk({"PING"});
  const size_t first_read = 200;
  Parser parser;
  REQUIRE(parser.next(ByteView(wire).substr(0, first_read), {}) == Parser::Status::kNeedMore);
  Bytes carry(parser.carry());
  CHECK(carry == ByteView(wire).substr(0, wire.find("vvv")));
  CHECK(parser.held_bytes() < 2000);  // What is merely announced costs nothing yet.

  size_t at = first_read;
  const size_t payload_end = wire.find("vvv") + payload.size();
  while (!parser.big_room().empty()) {
    const auto room = parser.big_room();
    CHECK(room.size() <= resp::kBigStepBytes);
    const size_t arrived = std::min<size_t>(room.size(), 65536);
    wire.copy(room.data(), arrived, at);
    parser.big_filled(arrived);
    at += arrived;
  }
  CHECK(at == payload_end);
  CHECK(parser.next(carry, {}) == Parser::Status::kNeedMore);  // The line end is still to come.
  carry.assign(parser.carry()).append(wire, at);
  REQUIRE(parser.next(carry, {}) == Parser::Status::kRequest);
  REQUIRE(parser.args().size() == 4);
  CHECK(parser.args()[1] == "k");
  CHECK(parser.args()[3] == "KEEPTTL");
  CHECK(parser.wire().empty());
  CHECK(parser.is_big(2));
  CHECK_FALSE(parser.is_big(1));
  const char* where = parser.args()[2].data();
  const Bytes taken = parser.take_big(2);
  CHECK(taken == payload);
  CHECK(taken.data() == where);
  CHECK_FALSE(parser.is_big(2));
  CHECK(taken.capacity() < payload.size() + 16);
  REQUIRE(parser.next(ByteView(carry).substr(parser.consumed()), {}) == Parser::Status::kRequest);
  CHECK(parser.args()[0] == "PING");
}

TEST_CASE("Parser: several big bulks in one request, in pieces of any size") {
  const Request request{
      "MSET", "a", Bytes(40'000, 'a'), "b", Bytes(resp::kBigBulkBytes, 'b'), "c", Bytes(70'000, 'c')};
  const Heard heard = hear(multibulk(request) + multibulk({"PING"}));
  CHECK(heard.error.empty());
  CHECK(heard.requests == std::vector<Request>{request, {"PING"}});
}

TEST_CASE("Parser: an announced bulk beyond any memory is refused, not fatal") {
  ParserLimits boundless;
  boundless.max_bulk_bytes = INT64_MAX;
  Parser parser;
  CHECK(parser.next("*1\r\n$9223372036854775807\r\nabc", boundless) == Parser::Status::kError);
  CHECK(parser.error() == "ERR Protocol error: invalid bulk length");
}

TEST_CASE("Parser: a huge count costs no memory before its arguments arrive") {
  Parser parser;
  CHECK(parser.next("*1000000000\r\n$1\r\na\r\n", {}) == Parser::Status::kNeedMore);
  CHECK(parser.held_bytes() < 1000);
}

TEST_CASE("Parser: room for many arguments is given back after the request") {
  Parser parser;
  const Bytes wire = multibulk(Request(100'000, "a"));
  REQUIRE(parser.next(wire, {}) == Parser::Status::kRequest);
  CHECK(parser.args().size() == 100'000);
  CHECK(parser.next("", {}) == Parser::Status::kNeedMore);
  CHECK(parser.idle());
  CHECK(parser.held_bytes() == 0);
}

TEST_CASE("Parser: a parser moved aside in mid-request goes on where it was") {
  const Bytes wire = multibulk({"SET", "k", "v"});
  Parser shared;
  CHECK(shared.idle());
  REQUIRE(shared.next(ByteView(wire).substr(0, 20), {}) == Parser::Status::kNeedMore);
  CHECK_FALSE(shared.idle());
  Parser aside = std::move(shared);
  REQUIRE(aside.next(wire, {}) == Parser::Status::kRequest);
  CHECK(aside.args()[2] == "v");
  CHECK(aside.idle());
}

TEST_CASE("Parser: reset forgets half a request") {
  Parser parser;
  REQUIRE(parser.next("*2\r\n$4\r\nECHO\r\n", {}) == Parser::Status::kNeedMore);
  parser.reset();
  CHECK(parser.idle());
  REQUIRE(parser.next("PING\r\n", {}) == Parser::Status::kRequest);
  CHECK(parser.args().size() == 1);
}

TEST_CASE("Parser: an argument list of any length is read in linear time") {
  // Byte by byte over one buffer: any re-reading from the start would take minutes.
  const Bytes wire = multibulk(Request(60'000, "abcdefgh"));
  Parser parser;
  for (size_t size = 1; size < wire.size(); ++size) {
    REQUIRE(parser.next(ByteView(wire).substr(0, size), {}) == Parser::Status::kNeedMore);
  }
  REQUIRE(parser.next(wire, {}) == Parser::Status::kRequest);
  CHECK(parser.args().size() == 60'000);
}
