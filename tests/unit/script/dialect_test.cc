#include "script/dialect.h"

#include <doctest/doctest.h>

using namespace sluice::script;

namespace {

std::string rewritten(std::string_view source, ChunkKind kind = ChunkKind::kScript) {
  std::string out;
  auto result = to_lua51(source, kind, out);
  REQUIRE(result.ok());
  return std::string(*result);
}

}  // namespace

TEST_CASE("Dialect: a text that needs nothing is compiled as it stands") {
  std::string out;
  std::string_view source = "local x = 'a' -- function(...) arg\nreturn x, 1";
  auto result = to_lua51(source, ChunkKind::kScript, out);
  REQUIRE(result.ok());
  CHECK(result->data() == source.data());
}

TEST_CASE("Dialect: one returned expression of the script itself is put in brackets") {
  CHECK(rewritten("return f(x)") == "return ( f(x)) ");
  CHECK(rewritten("if a then return f(1) else return g(2) end").find("return ( f(1))") != std::string::npos);
  CHECK(rewritten("return f(x) -- why") == "return ( f(x))  -- why");
  CHECK(rewritten("return f{a=1, b=2};") == "return ( f{a=1, b=2}) ;");
}

TEST_CASE("Dialect: several expressions, none, and those of functions stay as they are") {
  for (std::string_view source :
       {"return f(x), 2", "return", "do return end", "local function g() return f(x) end",
        "x = function() return f(x) end", "-- return f(x)", "s = 'return f(x)'"}) {
    CHECK(rewritten(source) == source);
  }
  CHECK(rewritten("return f(x)", ChunkKind::kFunction) == "return f(x)");
}

TEST_CASE("Dialect: arg is made for functions with dots, only in texts that name it") {
  CHECK(rewritten("function f(...) end") == "function f(...) end");
  CHECK(rewritten("function f(a, ...) x = arg.n end") ==
        "function f(a, ...) local arg={n=select('#',...),...}  x = arg.n end");
}

TEST_CASE("Dialect: escapes that Lua 5.1 does not know lose their backslash") {
  CHECK(rewritten(R"(x = "\x41\n\q\\x")") == R"(x = "x41\nq\\x")");
  CHECK(rewritten(R"(x = [[\x41]])") == R"(x = [[\x41]])");
}

TEST_CASE("Dialect: numbers that would be cdata are refused with their line") {
  for (std::string_view number : {"1LL", "0x1ull", "2i", "0b11"}) {
    std::string out;
    auto result = to_lua51("x = 1\ny = " + std::string(number), ChunkKind::kScript, out);
    REQUIRE(!result.ok());
    CHECK(result.error().what == DialectError::kMalformedNumber);
    CHECK(result.error().line == 2);
    CHECK(result.error().near == number);
  }
  CHECK(rewritten("x = 0xfff + 1e5 + tail") == "x = 0xfff + 1e5 + tail");
}

TEST_CASE("Dialect: a number keeps apart from the dots after it") {
  CHECK(rewritten("x = 1e15..''") == "x = 1e15 ..''");
}
