#include "script/libs/cmsgpack.h"
#include "unit/script/script_runner.h"

using namespace std::string_view_literals;
using namespace sluice::script;
using namespace sluice::script::test;

TEST_CASE("Libraries: cjson, cmsgpack and struct answer as redis-server was recorded to") {
  static const Recorded kTable[] = {
#include "unit/script/recorded_libraries.inc"
  };
  check_recorded(kTable);
}

TEST_CASE("cmsgpack: bin types are read like text") {
  ScriptRunner runner;
  CHECK(runner.run("return cmsgpack.unpack('\\196\\3abc')") == "$3\r\nabc\r\n");
  CHECK(runner.run("return cmsgpack.unpack('\\197\\0\\3abc')") == "$3\r\nabc\r\n");
}

TEST_CASE("cmsgpack: every cut of a text is an error or a shorter list, never more") {
  ScriptRunner runner;
  std::string script =
      "local s = cmsgpack.pack({1, -300, 1.5, 'text', {a={true, false}}, string.rep('x', 300)}) "
      "for i = 0, #s - 1 do local ok = pcall(cmsgpack.unpack, string.sub(s, 1, i)) if ok and i > 0 then "
      "return i end end "
      "return -1";
  CHECK(runner.run(script) == ":-1\r\n");
}

TEST_CASE("cmsgpack: deep nesting in a text is refused") {
  ScriptRunner runner;
  CHECK(runner.run("return cmsgpack.unpack(string.rep('\\145', 100000))").find("Bad data format") !=
        std::string::npos);
}

TEST_CASE("struct: every cut of the data is an error") {
  ScriptRunner runner;
  CHECK(
      runner.run("local f = '>bhilfd' local s = struct.pack(f, 1, 2, 3, 4, 5, 6) "
                 "for i = 0, #s - 1 do if pcall(struct.unpack, f, string.sub(s, 1, i)) then return i end end "
                 "return #s") == ":27\r\n");
}

TEST_CASE("cjson: strings of 64 MiB and more are refused before it, wherever they are") {
  ScriptRunner runner;
  constexpr std::string_view kMake = "local s = string.rep('x', 64 * 1024 * 1024) ";
  for (std::string_view use :
       {"return cjson.encode(s)", "return cjson.encode({a={s}})", "return cjson.encode({[s]=1})",
        "return cjson.decode(s)", "return cjson.new().encode(s)"}) {
    CAPTURE(use);
    CHECK(runner.run(std::string(kMake) + std::string(use)).find("too long") != std::string::npos);
  }
  CHECK(runner.run("return cjson.encode({'short'})") == "$9\r\n[\"short\"]\r\n");
}
