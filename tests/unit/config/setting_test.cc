#include "config/setting.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace sluice;
using namespace sluice::config;
using base::Bytes;

namespace {

// What CONFIG GET would show after `words` were set, or the reason they cannot be.
std::string after(base::ByteView name, const std::vector<Bytes>& words) {
  const Row& row = rows()[*find_row(name)];
  const auto parsed = parse_setting(row, words, default_setting(row));
  return parsed.ok() ? show_setting(row, *parsed) : parsed.error().message;
}

}  // namespace

TEST_CASE("Setting: flags are yes or no") {
  CHECK(after("appendonly", {"YES"}) == "yes");
  CHECK(after("appendonly", {"1"}) == "argument must be 'yes' or 'no'");
  CHECK(after("appendonly", {}) == "wrong number of arguments");
  CHECK(after("appendonly", {"yes", "no"}) == "wrong number of arguments");
}

TEST_CASE("Setting: numbers keep to their range") {
  CHECK(after("port", {"65535"}) == "65535");
  CHECK(after("port", {"65536"}) == "argument must be between 0 and 65535 inclusive");
  CHECK(after("timeout", {"-1"}) == "argument must be between 0 and 2147483647 inclusive");
  CHECK(after("timeout", {"1.5"}) == "argument couldn't be parsed into an integer");
  CHECK(after("timeout", {" 5"}) == "argument couldn't be parsed into an integer");
  CHECK(after("slowlog-log-slower-than", {"-1"}) == "-1");
}

TEST_CASE("Setting: permissions are octal") {
  CHECK(after("unixsocketperm", {"700"}) == "700");
  CHECK(after("unixsocketperm", {"9999"}) == "argument couldn't be parsed as an octal number");
  CHECK(after("unixsocketperm", {"1777"}) == "argument must be between 0 and 777 inclusive");
}

TEST_CASE("Setting: memory has units, and its own range") {
  CHECK(after("maxmemory", {"1gb"}) == "1073741824");
  CHECK(after("maxmemory", {"1G"}) == "1000000000");
  CHECK(after("maxmemory", {"-1"}) == "argument must be a memory value");
  CHECK(after("maxmemory", {"1zb"}) == "argument must be a memory value");
  CHECK(after("maxmemory", {""}) == "argument must be a memory value");
  CHECK(after("client-query-buffer-limit", {"1kb"}) ==
        "argument must be between 1048576 and 9223372036854775807 inclusive");
}

TEST_CASE("Setting: enums take one of their choices in either case") {
  CHECK(after("appendfsync", {"ALWAYS"}) == "always");
  CHECK(after("appendfsync", {"never"}) == "argument(s) must be one of the following: everysec, always, no");
}

TEST_CASE("Setting: file names hold no path") {
  CHECK(after("appendfilename", {"log"}) == "log");
  CHECK(after("appendfilename", {""}) == "appendfilename can't be empty");
  CHECK(after("appendfilename", {"a/b"}) == "appendfilename can't be a path, just a filename");
  CHECK(after("appenddirname", {"a/b"}) == "appenddirname can't be a path, just a dirname");
}

TEST_CASE("Setting: save points are pairs, or one empty word") {
  CHECK(after("save", {"60", "1", "30", "2"}) == "60 1 30 2");
  CHECK(after("save", {""}) == "");
  for (const std::vector<Bytes>& bad :
       std::vector<std::vector<Bytes>>{{"60"}, {"60", "x"}, {"0", "1"}, {"60", "-1"}, {"60", "1", "30"}}) {
    CHECK(after("save", bad) == "Invalid save parameters");
  }
  const auto points = save_points_of("60 1 30 2");
  REQUIRE(points.size() == 2);
  CHECK(points[1].seconds == 30);
  CHECK(points[1].changes == 2);
}

TEST_CASE("Setting: limits of output change only the classes they name") {
  CHECK(after("client-output-buffer-limit", {"normal", "1kb", "2", "3"}) ==
        "normal 1024 2 3 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
  CHECK(after("client-output-buffer-limit", {"replica", "5", "6", "7", "NORMAL", "1", "2", "3"}) ==
        "normal 1 2 3 slave 5 6 7 pubsub 33554432 8388608 60");
  CHECK(after("client-output-buffer-limit", {"normal", "1", "2"}) ==
        "Wrong number of arguments in buffer limit configuration.");
  CHECK(after("client-output-buffer-limit", {"master", "1", "2", "3"}) ==
        "Invalid client class specified in buffer limit configuration.");
  CHECK(after("client-output-buffer-limit", {"normal", "1", "2", "x"}) ==
        "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  const OutputLimit limit = output_limit_of("normal 1 2 3 slave 4 5 6 pubsub 7 8 9", OutputClass::kPubsub);
  CHECK(limit.hard_bytes == 7);
  CHECK(limit.soft_bytes == 8);
  CHECK(limit.soft_seconds == 9);
}

TEST_CASE("Setting: event classes are shown in Redis's order") {
  CHECK(after("notify-keyspace-events", {"Kl$"}) == "$lK");
  CHECK(after("notify-keyspace-events", {"AKE"}) == "AKE");
  CHECK(after("notify-keyspace-events", {"g$lshzxetdKE"}) == "AKE");
  CHECK(after("notify-keyspace-events", {"AKEm"}) == "AKEm");
  CHECK(after("notify-keyspace-events", {"$lshzxetdnmKE"}) == "$lshzxetdnKEm");
  CHECK(after("notify-keyspace-events", {"mA"}) == "Am");
  CHECK(after("notify-keyspace-events", {"nm"}) == "nm");
  CHECK(after("notify-keyspace-events", {""}) == "");
  CHECK(after("notify-keyspace-events", {"q"}) == "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
}

TEST_CASE("Setting: percentiles lie between 0 and 100, and may be none") {
  CHECK(after("latency-tracking-info-percentiles", {"50", "99.99", "0"}) == "50 99.99 0");
  CHECK(after("latency-tracking-info-percentiles", {""}) == "");
  CHECK(after("latency-tracking-info-percentiles", {"50", "101"}) ==
        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]");
}

TEST_CASE("Setting: OOM scores are three numbers of limited size") {
  CHECK(after("oom-score-adj-values", {"3", "2", "1"}) == "3 2 1");
  CHECK(after("oom-score-adj-values", {"1", "2"}) == "wrong number of arguments");
  CHECK(after("oom-score-adj-values", {"0", "1", "5000"}) ==
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
}

TEST_CASE("Setting: a part that is absent takes its default and gives the reason for anything else") {
  CHECK(after("replica-read-only", {"yes"}) == "yes");
  CHECK(after("replica-read-only", {"no"}) ==
        "this server neither is nor has a replica; only 'yes' is accepted");
  CHECK(after("replicaof", {"no", "one"}) == "");
  CHECK(after("replicaof", {"host", "6379"}) ==
        "this server neither is nor has a replica; only an empty value is accepted");
  CHECK(after("maxmemory-clients", {"10%"}) ==
        "this server does not evict clients; see client-output-buffer-limit; only '0' is accepted");
  CHECK(after("proc-title-template", {"mine"}).find("the process title is left alone") == 0);
  CHECK(after("maxmemory-clients", {"200%"}) == "percentage argument must be less or equal to 100");
  CHECK(after("shutdown-on-sigterm", {"default"}) == "default");
  CHECK(after("shutdown-on-sigterm", {"bar"}) ==
        "argument(s) must be one of the following: default, save, nosave, now, force");
}

TEST_CASE("Setting: a moot option takes any value of its type and nothing else") {
  CHECK(after("hz", {"100"}) == "100");
  CHECK(after("hz", {"fast"}) == "argument couldn't be parsed into an integer");
}

TEST_CASE("Setting: texts of CONFIG SET are cut at blanks for options of several words only") {
  CHECK(words_of(row(Option::kSave), "60  1 ") == std::vector<Bytes>{"60", "1"});
  CHECK(words_of(row(Option::kSave), "") == std::vector<Bytes>{""});
  CHECK(words_of(row(Option::kRequirePass), "a b") == std::vector<Bytes>{"a b"});
}

TEST_CASE("Setting: hz is pulled into its range") {
  CHECK(after("hz", {"10000"}) == "500");
  CHECK(after("hz", {"0"}) == "1");
  CHECK(after("hz", {"50"}) == "50");
}
