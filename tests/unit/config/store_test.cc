#include "config/store.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace sluice;
using namespace sluice::config;
using base::Bytes;
using base::ByteView;

namespace {

std::string set(Store& store, const std::vector<NamedText>& pairs, bool protected_allowed = false) {
  const auto result = store.set(pairs, protected_allowed);
  return result.ok() ? "OK" : result.error().message;
}

std::string get(const Store& store, ByteView pattern) {
  const std::vector<ByteView> patterns{pattern};
  std::string shown;
  for (const NamedText& pair : store.get(patterns)) shown += pair.name + "=" + pair.text + ";";
  return shown;
}

std::string load(Store& store, ByteView name, const std::vector<Bytes>& words) {
  const auto result = store.load(name, words);
  return result.ok() ? "OK" : result.error().message;
}

}  // namespace

TEST_CASE("Store: a new store holds the defaults, read by type") {
  const Store store;
  CHECK(store.number(Option::kPort) == 6379);
  CHECK(store.flag(Option::kProtectedMode));
  CHECK(store.choice<AppendFsync>(Option::kAppendFsync) == AppendFsync::kEverysec);
  CHECK(store.text(Option::kAppendDirname) == "appendonlydir");
  CHECK(store.words(Option::kBind) == std::vector<Bytes>{"*", "-::*"});
  CHECK(store.save_points().size() == 3);
  CHECK(store.output_limit(OutputClass::kReplica).soft_seconds == 60);
}

TEST_CASE("Store: get answers names and aliases that a pattern fits, each once") {
  const Store store;
  CHECK(get(store, "MAXMEMORY") == "MAXMEMORY=0;");
  CHECK(get(store, "*-max-*list*-value") ==
        "hash-max-listpack-value=64;hash-max-ziplist-value=64;set-max-listpack-value=64;zset-max-listpack-"
        "value=64;"
        "zset-max-ziplist-value=64;");
  CHECK(get(store, "nothing-*") == "");
  const std::vector<ByteView> twice{"port", "p?rt"};
  CHECK(store.get(twice).size() == 1);
}

TEST_CASE("Store: set changes several options, and what is shown") {
  Store store;
  CHECK(set(store, {{"maxmemory", "10mb"}, {"TIMEOUT", "5"}}) == "OK");
  CHECK(get(store, "maxmemory") == "maxmemory=10485760;");
  CHECK(store.number(Option::kTimeout) == 5);
}

TEST_CASE("Store: set is all or nothing, and names the argument at fault") {
  Store store;
  CHECK(set(store, {{"timeout", "5"}, {"maxmemory", "foo"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value");
  CHECK(store.number(Option::kTimeout) == 0);
  CHECK(set(store, {{"timeout", "5"}, {"foo", "1"}}) ==
        "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
  CHECK(set(store, {{"maxmemory", "1"}, {"maxmemory", "2"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - duplicate parameter");
  CHECK(set(store, {{"databases", "3"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config");
  CHECK(store.number(Option::kTimeout) == 0);
  CHECK(store.number(Option::kMaxMemory) == 0);
}

TEST_CASE("Store: protected options need permission") {
  Store store;
  CHECK(set(store, {{"dbfilename", "x"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'dbfilename') - can't set protected config");
  CHECK(set(store, {{"dbfilename", "x"}}, true) == "OK");
  CHECK(store.text(Option::kDbFilename) == "x");
}

TEST_CASE("Store: a pending option takes any valid value, from the file and from CONFIG SET") {
  Store store;
  CHECK(load(store, "list-compress-depth", {"3"}) == "OK");
  CHECK(get(store, "list-compress-depth") == "list-compress-depth=3;");
  CHECK(set(store, {{"list-compress-depth", "7"}}) == "OK");
  CHECK(get(store, "list-compress-depth") == "list-compress-depth=7;");
  CHECK(set(store, {{"list-compress-depth", "-1"}}) != "OK");
}

TEST_CASE("Store: the eviction policy is one of Redis's, by name") {
  Store store;
  CHECK(store.choice<MaxMemoryPolicy>(Option::kMaxMemoryPolicy) == MaxMemoryPolicy::kNoEviction);
  CHECK(set(store, {{"maxmemory-policy", "Volatile-TTL"}}) == "OK");
  CHECK(store.choice<MaxMemoryPolicy>(Option::kMaxMemoryPolicy) == MaxMemoryPolicy::kVolatileTtl);
  CHECK(set(store, {{"maxmemory-policy", "allkeys-lru"}}) == "OK");
  CHECK(store.choice<MaxMemoryPolicy>(Option::kMaxMemoryPolicy) == MaxMemoryPolicy::kAllKeysLru);
  CHECK(set(store, {{"maxmemory-policy", "allkeys-ttl"}}) != "OK");
}

TEST_CASE("Store: options that are set to no effect are told by name, live ones are not") {
  Store store;
  CHECK(store.without_effect().empty());
  CHECK(load(store, "hz", {"50"}) == "OK");
  CHECK(load(store, "list-compress-depth", {"1"}) == "OK");
  CHECK(load(store, "timeout", {"5"}) == "OK");
  CHECK(load(store, "io-threads", {"1"}) == "OK");
  const std::vector<const Row*> told = store.without_effect();
  REQUIRE(told.size() == 2);
  CHECK(told[0]->name == "list-compress-depth");
  CHECK(told[0]->support == Support::kPending);
  CHECK(told[1]->name == "hz");
  CHECK(told[1]->support == Support::kMoot);
}

TEST_CASE("Store: an alias sets the option it stands for") {
  Store store;
  CHECK(set(store, {{"lua-time-limit", "7"}}) == "OK");
  CHECK(store.number(Option::kBusyReplyThreshold) == 7);
}

TEST_CASE("Store: the owner is told which live options changed, and only of those") {
  Store store;
  std::vector<Option> told;
  store.on_change([&](std::span<const Option> changed) -> base::Result<void, ApplyError> {
    told.assign(changed.begin(), changed.end());
    CHECK(store.number(Option::kTimeout) == 5);
    return {};
  });
  CHECK(set(store, {{"timeout", "5"}, {"hz", "100"}, {"maxmemory", "0"}}) == "OK");
  CHECK(told == std::vector<Option>{Option::kTimeout});
}

TEST_CASE("Store: an owner that cannot follow has everything put back") {
  Store store;
  std::vector<int64_t> ports;
  store.on_change([&](std::span<const Option>) -> base::Result<void, ApplyError> {
    ports.push_back(store.number(Option::kPort));
    if (ports.back() != 6379) return ApplyError{Option::kPort, "Unable to listen on this port."};
    return {};
  });
  CHECK(set(store, {{"timeout", "5"}, {"port", "80"}}) ==
        "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port.");
  CHECK(ports == std::vector<int64_t>{80, 6379});
  CHECK(store.number(Option::kTimeout) == 0);
}

TEST_CASE("Store: save lines of a file replace the default, then add up, and an empty one clears") {
  Store store;
  CHECK(load(store, "save", {"60", "1"}) == "OK");
  CHECK(load(store, "save", {"30", "2"}) == "OK");
  CHECK(get(store, "save") == "save=60 1 30 2;");
  CHECK(load(store, "save", {""}) == "OK");
  CHECK(get(store, "save") == "save=;");
  CHECK(load(store, "save", {"5", "6"}) == "OK");
  CHECK(get(store, "save") == "save=5 6;");
}

TEST_CASE("Store: directives may set what CONFIG SET may not, and unknown ones are refused") {
  Store store;
  CHECK(load(store, "databases", {"3"}) == "OK");
  CHECK(store.number(Option::kDatabases) == 3);
  CHECK(load(store, "foo", {"1"}) == "Bad directive or wrong number of arguments");
  CHECK(load(store, "databases", {"0"}) == "argument must be between 1 and 2147483647 inclusive");
}

TEST_CASE("Store: a noted value is shown and tells nobody") {
  Store store;
  store.on_change([](std::span<const Option>) -> base::Result<void, ApplyError> {
    FAIL("nobody is to be told");
    return {};
  });
  store.note(Option::kDir, "/var/lib/sluice");
  CHECK(get(store, "dir") == "dir=/var/lib/sluice;");
  store.note(Option::kMaxClients, 77);
  CHECK(get(store, "maxclients") == "maxclients=77;");
}

TEST_CASE(
    "Store: rewrite keeps comments and order, replaces lines in place and adds what is new at the end") {
  Store store;
  CHECK(load(store, "port", {"7000"}) == "OK");
  CHECK(
      set(store, {{"port", "8000"}, {"maxmemory", "1gb"}, {"requirepass", "a b\""}, {"save", "60 1 30 2"}}) ==
      "OK");
  const Bytes file =
      "# head\n"
      "PORT 7000\n"
      "\n"
      "include x.conf\n"
      "rename-command FLUSHALL \"\"\n"
      "  user bob on\n"
      "user gone on\n"
      "port 7001\n"
      "# port 1\n"
      "hz 10";
  const Bytes expected =
      "# head\n"
      "port 8000\n"
      "\n"
      "include x.conf\n"
      "rename-command FLUSHALL \"\"\n"
      "user alice off\n"
      "# port 1\n"
      "hz 10\n"
      "# Generated by CONFIG REWRITE\n"
      "requirepass \"a b\\\"\"\n"
      "maxmemory 1gb\n"
      "save 60 1\n"
      "save 30 2\n";
  const std::vector<std::string> users = {"user alice off"};
  CHECK(store.rewrite(file, users) == expected);
  CHECK(store.rewrite(expected, users) == expected);
}

TEST_CASE(
    "Store: rewrite adds users that have no line at the end, and takes away the lines of those who left") {
  const Store store;
  const std::vector<std::string> users = {"user a on", "user b on"};
  CHECK(store.rewrite("USER x\n# user y\n", users) ==
        "user a on\n# user y\n# Generated by CONFIG REWRITE\nuser b on\n");
  CHECK(store.rewrite("user x\nport 1\nuser y") == "port 6379\n");
}

TEST_CASE("Store: rewrite spells limits of output by class and an empty save as such") {
  Store store;
  CHECK(set(store, {{"client-output-buffer-limit", "normal 1mb 10 5"}, {"save", ""}}) == "OK");
  CHECK(store.rewrite("") ==
        "# Generated by CONFIG REWRITE\n"
        "save \"\"\n"
        "client-output-buffer-limit normal 1mb 10 5\n"
        "client-output-buffer-limit replica 256mb 64mb 60\n"
        "client-output-buffer-limit pubsub 32mb 8mb 60\n");
}
