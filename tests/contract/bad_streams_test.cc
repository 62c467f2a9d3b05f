// Bad words of every stream command: each is refused in the words of redis-server 7.0.15, which
// capture_redis_stream_errors.py asked, and leaves nothing behind: no entry, group or consumer is made, none
// is changed or lost, nothing is logged. What Redis 7.0 has no commands for is refused in the same way here.
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/harness.h"

using namespace sluice;
using test::Harness;
using test::Lines;

namespace {

using Words = std::vector<std::string>;

const std::string kLast = "18446744073709551615-18446744073709551615";

// As the capture's.
void make_keys(Harness& h) {
  for (const char* id : {"1-1", "5-1", "5-2"}) h.run("XADD", "s", id, "f", "v");
  h.run("XGROUP", "CREATE", "s", "g", "0");
  h.run("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">");
  h.run("XDEL", "s", "5-1");
  h.run("XADD", "top", kLast, "f", "v");
  h.run("XGROUP", "CREATE", "top", "g", "0");
  h.run("SET", "str", "x");
  h.propagated();
}

// "XADD" "s" -> the words; none has a quotation mark or a backslash in it.
Words words_of(const std::string& line) {
  Words words;
  for (size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at)) {
    const size_t end = line.find('"', at + 1);
    words.push_back(line.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

std::string text_of(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += "'" + word + "' ";
  return text;
}

void check_refused(Harness& h, const Words& words, const std::string& error) {
  CAPTURE(text_of(words));
  const std::string before = h.digest();
  h.first().send_words(words);
  CHECK(h.first().reply_text() == "-" + error);
  CHECK(h.propagated() == Lines{});
  REQUIRE(h.digest() == before);
}

}  // namespace

TEST_CASE("Contract: every bad word of every stream command is refused as Redis does, and changes nothing") {
  Harness h;
  make_keys(h);
  std::ifstream captured(std::string(SLUICE_SOURCE_DIR) + "/tests/contract/redis_stream_errors.txt");
  size_t lines = 0;
  for (std::string line; std::getline(captured, line); ++lines) {
    const size_t tab = line.find('\t');
    REQUIRE(tab != std::string::npos);
    check_refused(h, words_of(line.substr(0, tab)), line.substr(tab + 1));
  }
  CHECK(lines > 1000);
}

TEST_CASE(
    "Contract: malformed ids are refused by the stream commands that Redis 7.0 lacks, and nothing is done") {
  const std::string error = "ERR Invalid stream ID specified as stream command argument";
  Harness h;
  make_keys(h);
  for (const char* id : {"", "x", "-", "+", "$", ">", "*", "(", "(1", "1-", "-1", "1-x", "1-1-1", "1-*",
                         "18446744073709551616", "1-18446744073709551616"}) {
    check_refused(h, {"XDELEX", "s", "IDS", "2", "1-1", id}, error);
    check_refused(h, {"XDELEX", "s", "DELREF", "IDS", "2", "1-1", id}, error);
    check_refused(h, {"XACKDEL", "s", "g", "IDS", "2", "1-1", id}, error);
    check_refused(h, {"XACKDEL", "s", "g", "ACKED", "IDS", "2", id, "1-1"}, error);
    check_refused(h, {"XNACK", "s", "g", "FAIL", "IDS", "2", "1-1", id}, error);
    check_refused(h, {"XRENEW", "s", "g", "c", "IDS", "2", "1-1", id}, error);
    check_refused(h, {"XREDRIVE", "s", "IDS", "2", "1-1", id, "TO", "new"}, error);
    check_refused(h, {"XIDMPRECORD", "s", "p", "i", id}, error);
    check_refused(h, {"XTTLRECORD", "s", id, "9999999999999"}, error);
    check_refused(h, {"XTRIM", "s", "MINID", id, "ACKED"}, error);
    check_refused(h, {"XADDAT", "s", "MINID", id, "IN", "5", "f", "v"}, error);
    check_refused(h,
                  {"XREADGROUP", "GROUP", "g", "c", "CLAIM", "0", "STREAMS", "s",
                   *id == '>'   ? "x"
                   : *id == '$' ? "y"
                                : id},
                  error);
  }
}

TEST_CASE(
    "Contract: counts of ids that do not fit are refused by every command that has one, and nothing is "
    "done") {
  Harness h;
  make_keys(h);
  const std::string positive = "ERR Number of IDs must be a positive integer";
  const std::string fitting = "ERR The `numids` parameter must match the number of arguments";
  for (const char* count : {"", "x", "0", "-1", "1.5", "9223372036854775808"}) {
    check_refused(h, {"XDELEX", "s", "IDS", count, "1-1"}, positive);
    check_refused(h, {"XACKDEL", "s", "g", "IDS", count, "1-1"}, positive);
    check_refused(h, {"XNACK", "s", "g", "FAIL", "IDS", count, "1-1"},
                  "ERR numids must be a positive integer");
    check_refused(h, {"XRENEW", "s", "g", "c", "IDS", count, "1-1"}, "ERR numids must be a positive integer");
    check_refused(h, {"XREDRIVE", "s", "IDS", count, "1-1"}, "ERR numids must be a positive integer");
  }
  for (const char* count : {"2", "9223372036854775807"}) {
    check_refused(h, {"XDELEX", "s", "IDS", count, "1-1"}, fitting);
    check_refused(h, {"XACKDEL", "s", "g", "IDS", count, "1-1"}, fitting);
    for (const Words& words :
         {Words{"XNACK", "s", "g", "FAIL"}, Words{"XRENEW", "s", "g", "c"}, Words{"XREDRIVE", "s"}}) {
      Words all = words;
      all.insert(all.end(), {"IDS", count, "1-1"});
      check_refused(h, all, "ERR number of IDs doesn't match numids");
    }
  }
}
