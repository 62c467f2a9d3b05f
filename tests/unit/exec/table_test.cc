#include "exec/table.h"

#include <doctest/doctest.h>

namespace sluice::exec {

namespace {

Outcome nothing(Call&) {
  return Outcome::kDone;
}

constexpr CommandSpec kSubs[] = {
    {"list", nothing, exactly(2), no_keys(), kAdmin, Group::kConnection, "1.0.0", "Lists."},
    {"kill", nothing, at_least(3), no_keys(), kAdmin, Group::kConnection, "1.0.0", "Kills."},
};
constexpr CommandSpec kFirst[] = {
    {"get", nothing, exactly(2), one_key(1, kKeyRo), kReadonly, Group::kString, "1.0.0", "Gets."},
    {"client", nullptr, at_least(2), no_keys(), 0, Group::kConnection, "1.0.0", "Clients.", "", 0, "", kSubs},
};
constexpr CommandSpec kSecond[] = {
    {"lmpop", nothing, at_least(4), numkeys_at(1, kKeyRw), kWrite, Group::kList, "7.0.0", "Pops."},
    {"sort", nothing, at_least(2), two_keys(key_range(1, 0, 1, kKeyRo), unknown_spec(kKeyOw, "where")),
     kWrite, Group::kGeneric, "1.0.0", "Sorts."},
};

Table make() {
  return Table(std::vector<std::span<const CommandSpec>>{kFirst, kSecond});
}

}  // namespace

TEST_CASE("Table: finds commands in any case, and only whole names") {
  const Table table = make();
  REQUIRE(table.find("GeT") != nullptr);
  CHECK(table.find("GeT")->full_name == "get");
  CHECK(table.find("ge") == nullptr);
  CHECK(table.find("gets") == nullptr);
  CHECK(table.find("") == nullptr);
  CHECK(table.find(base::ByteView("get\0", 4)) == nullptr);
  CHECK(table.find(base::Bytes(100'000, 'g')) == nullptr);
}

TEST_CASE("Table: subcommands stand below their container") {
  const Table table = make();
  Command* const client = table.find("CLIENT");
  REQUIRE(client != nullptr);
  Command* const list = client->subcommand("LIST");
  REQUIRE(list != nullptr);
  CHECK(list->full_name == "client|list");
  CHECK(list->container == client);
  CHECK(table.find_full("client|KILL")->spec->name == "kill");
  CHECK(table.find_full("get")->full_name == "get");
  CHECK(table.find_full("client|nope") == nullptr);
  CHECK(table.find_full("nope|list") == nullptr);
  CHECK(table.find("list") == nullptr);
}

TEST_CASE("Table: keys that no range names mark a command as one to ask about") {
  const Table table = make();
  CHECK_FALSE(table.find("get")->has(kMovableKeys));
  CHECK(table.find("lmpop")->has(kMovableKeys));
  CHECK(table.find("sort")->has(kMovableKeys));
}

TEST_CASE("Table: keeps the families' order, and visits subcommands") {
  const Table table = make();
  std::string names;
  for (const auto& command : table.all()) names += command->full_name + " ";
  CHECK(names == "get client lmpop sort ");
  names.clear();
  table.for_each([&](const Command& command) { names += command.full_name + " "; });
  CHECK(names == "get client client|list client|kill lmpop sort ");
}

TEST_CASE("Table: a renamed command answers to its new name only") {
  Table table = make();
  CHECK(table.rename("GET", "Fetch").ok());
  CHECK(table.find("get") == nullptr);
  REQUIRE(table.find("FETCH") != nullptr);
  CHECK(table.find("fetch")->spec->name == "get");
  CHECK(table.find("client") != nullptr);
  CHECK(table.find("lmpop") != nullptr);
}

TEST_CASE("Table: an empty new name removes the command") {
  Table table = make();
  CHECK(table.rename("sort", "").ok());
  CHECK(table.find("sort") == nullptr);
  CHECK(table.find("get") != nullptr);
}

TEST_CASE("Table: the log's names stay, whatever was renamed or removed") {
  Table table = make();
  Command* const get = table.find("get");
  Command* const sort = table.find("sort");
  Command* const lmpop = table.find("lmpop");
  CHECK(table.rename("get", "fetch").ok());
  CHECK(table.rename("sort", "").ok());
  CHECK(table.rename("lmpop", "get").ok());
  CHECK(table.rename("client", "peers").ok());
  CHECK(table.find_original("GET") == get);
  CHECK(table.find_original("sort") == sort);
  CHECK(table.find_original("LMPop") == lmpop);
  CHECK(table.find_original("fetch") == nullptr);
  CHECK(table.find_original("nope") == nullptr);
  CHECK(table.find("peers")->subcommand("list")->renamed);
}

TEST_CASE("Table: what does not exist cannot be renamed, nor to a name that is taken") {
  Table table = make();
  CHECK_FALSE(table.rename("nope", "x").ok());
  CHECK_FALSE(table.rename("get", "SORT").ok());
  CHECK(table.find("get") != nullptr);
}

TEST_CASE("Table: statistics are reset, subcommands' too") {
  Table table = make();
  table.find("get")->stats.calls = 3;
  table.find_full("client|list")->stats.failed = 2;
  table.find("get")->latency = std::make_unique<base::Histogram>();
  table.reset_stats();
  CHECK(table.find("get")->stats.calls == 0);
  CHECK(table.find_full("client|list")->stats.failed == 0);
  CHECK(table.find("get")->latency == nullptr);
}

}  // namespace sluice::exec
