// The table of options against the file that is shipped, and against what redis-server 7.0.15 says it has.
#include "config/options.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "config/loader.h"
#include "config/store.h"

using namespace sluice;
using namespace sluice::config;
using base::Bytes;
using base::ByteView;

namespace {

Bytes source_file(const std::string& path) {
  base::PosixFs fs;
  auto text = base::read_whole(fs, SLUICE_SOURCE_DIR "/" + path, kMaxConfigBytes);
  REQUIRE_MESSAGE(text.ok(), path);
  return *text;
}

std::vector<Bytes> lines_of(ByteView text) {
  std::vector<Bytes> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::map<Bytes, Bytes> redis_options() {
  std::map<Bytes, Bytes> options;
  for (const Bytes& line : lines_of(source_file("tests/contract/redis_config_get.txt"))) {
    if (line.starts_with('#')) continue;
    const size_t blank = line.find(' ');
    REQUIRE(blank != Bytes::npos);
    options[line.substr(0, blank)] = line.substr(blank + 1);
  }
  return options;
}

std::map<Bytes, Bytes> shown_by(const Store& store) {
  std::map<Bytes, Bytes> options;
  const std::vector<ByteView> all{"*"};
  for (const NamedText& pair : store.get(all)) options[pair.name] = pair.text;
  return options;
}

void load_file(Store& store, const std::string& path) {
  base::PosixFs fs;
  const auto directives = read_config_file(fs, SLUICE_SOURCE_DIR "/" + path);
  REQUIRE(directives.ok());
  Beside beside;
  const auto loaded = load_directives(*directives, store, beside);
  REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? std::string() : loaded.error().message));
}

}  // namespace

TEST_CASE("Contract: CONFIG GET * has every name that redis-server has, with its default") {
  const auto ours = shown_by(Store());
  const auto theirs = redis_options();
  CHECK(theirs.size() > 190);
  for (const auto& option : theirs) {
    CAPTURE(option.first);
    const auto found = ours.find(option.first);
    REQUIRE(found != ours.end());
    CHECK(found->second == option.second);
  }
}

TEST_CASE("Contract: names that redis-server 7.0.15 lacks are ours or later ones") {
  const std::set<Bytes> known{// ours
                              "maxmemory-reserve", "aof-retained-limit", "held-replies-limit",
                              // of Redis 7.2
                              "set-max-listpack-entries", "set-max-listpack-value", "locale-collate",
                              "server-cpulist", "bio-cpulist", "aof-rewrite-cpulist", "bgsave-cpulist"};
  const auto theirs = redis_options();
  std::set<Bytes> found;
  for (const auto& [name, value] : shown_by(Store())) {
    if (theirs.count(name) == 0) found.insert(name);
  }
  CHECK(found == known);
}

TEST_CASE("Contract: the shipped file names every live option") {
  const std::vector<Bytes> lines = lines_of(source_file("conf/sluice.conf"));
  for (const Row& row : rows()) {
    if (row.support != Support::kLive) continue;
    CAPTURE(row.name);
    const Bytes set = Bytes(row.name) + " ";
    const bool named = std::any_of(lines.begin(), lines.end(), [&](const Bytes& line) {
      return line.starts_with(set) || line.starts_with("# " + set);
    });
    CHECK(named);
  }
}

TEST_CASE("Contract: the shipped file loads, and differs from the defaults only where it means to") {
  Store store;
  load_file(store, "conf/sluice.conf");
  const auto defaults = shown_by(Store());
  std::map<Bytes, Bytes> differing;
  for (const auto& [name, value] : shown_by(store)) {
    if (defaults.at(name) != value) differing[name] = value;
  }
  CHECK(differing ==
        std::map<Bytes, Bytes>{{"appendonly", "yes"}, {"bind", "127.0.0.1 -::1"}, {"dir", "./data"}});
}

TEST_CASE("Contract: the file that Debian installs for redis-server loads unchanged") {
  Store store;
  load_file(store, "tests/contract/debian_directives.conf");
  CHECK(store.flag(Option::kDaemonize));
  CHECK(store.text(Option::kDir) == "/var/lib/redis");
  CHECK(store.words(Option::kBind) == std::vector<Bytes>{"127.0.0.1", "-::1"});
}
