// The table of options against the file that is shipped, and against what redis-server 7.0.15 says it has.
#include "config/options.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
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
  const std::set<Bytes> known{
      // ours
      "maxmemory-reserve", "aof-retained-limit", "held-replies-limit", "snapshot-rate-limit",
      // of Redis 7.2
      "set-max-listpack-entries", "set-max-listpack-value", "locale-collate", "server-cpulist", "bio-cpulist",
      "aof-rewrite-cpulist", "bgsave-cpulist",
      // of Redis 8.6
      "stream-idmp-duration", "stream-idmp-maxsize"};
  const auto theirs = redis_options();
  std::set<Bytes> found;
  for (const auto& [name, value] : shown_by(Store())) {
    if (theirs.count(name) == 0) found.insert(name);
  }
  CHECK(found == known);
}

TEST_CASE("Contract: every live option is read by some part of the server") {
  // The names of the constants, in the order of the rows.
  const Bytes header = source_file("src/config/options.h");
  const size_t begin = header.find("enum class Option");
  const Bytes list = header.substr(begin, header.find("};", begin) - begin);
  std::vector<Bytes> constants;
  for (const Bytes& line : lines_of(list)) {
    const size_t name = line.find_first_not_of(' ');
    if (name == 2) constants.push_back(line.substr(name, line.find(',') - name));
  }
  REQUIRE(constants.size() == kLiveOptions);

  Bytes sources;
  for (const auto& each : std::filesystem::recursive_directory_iterator(SLUICE_SOURCE_DIR "/src")) {
    const std::string path = each.path().string();
    if (!each.is_regular_file() || path.find("/src/config/") != std::string::npos) continue;
    if (path.ends_with(".cc") || path.ends_with(".h"))
      sources += source_file(path.substr(sizeof SLUICE_SOURCE_DIR));
  }
  // Read through a getter of their own.
  const std::map<Bytes, Bytes> getters{{"kSave", ".save_points("},
                                       {"kClientOutputBufferLimit", ".output_limit("}};
  for (size_t i = 0; i < constants.size(); ++i) {
    CAPTURE(rows()[i].name);
    const auto getter = getters.find(constants[i]);
    const Bytes use = getter == getters.end() ? "Option::" + constants[i] : getter->second;
    size_t at = sources.find(use);
    const auto goes_on = [&] {
      const char next = sources[at + use.size()];
      return use.back() != '(' && (std::isalnum(static_cast<unsigned char>(next)) != 0);
    };
    while (at != Bytes::npos && goes_on()) at = sources.find(use, at + 1);
    CHECK(at != Bytes::npos);
  }
}

TEST_CASE("Contract: the shipped file names every option, and marks those that have no effect yet") {
  const std::vector<Bytes> lines = lines_of(source_file("conf/sluice.conf"));
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    const Bytes set = Bytes(row.name) + " ";
    const bool named = std::any_of(lines.begin(), lines.end(), [&](const Bytes& line) {
      return line.starts_with(set) || line.starts_with("# " + set);
    });
    CHECK(named);
  }
  // A row's mark stands in the comment above it or above the rows it stands among.
  bool marked = false;
  for (const Bytes& line : lines) {
    if (line.empty()) marked = false;
    marked |= line.starts_with("# No effect yet: ");
    const auto index = line.starts_with('#') ? std::nullopt : find_row(line.substr(0, line.find(' ')));
    if (!index) continue;
    CAPTURE(line);
    CHECK(marked == (rows()[*index].support == Support::kPending));
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
  CHECK(differing == std::map<Bytes, Bytes>{{"appendonly", "yes"}, {"bind", "127.0.0.1 -::1"}});
}

TEST_CASE("Contract: the copied directives are those of the file that Debian installs") {
  base::PosixFs fs;
  const auto installed = base::read_whole(fs, "/etc/redis/redis.conf", kMaxConfigBytes);
  if (!installed.ok()) {
    MESSAGE("not compared: ", installed.error().message);
    return;
  }
  const auto directives = [](ByteView text) {
    std::vector<Bytes> found;
    for (const Bytes& line : lines_of(text)) {
      if (line.find_first_not_of(' ') != Bytes::npos && !line.starts_with('#')) found.push_back(line);
    }
    return found;
  };
  CHECK(directives(*installed) == directives(source_file("tests/contract/debian_directives.conf")));
}

TEST_CASE("Contract: the file that Debian installs for redis-server loads unchanged") {
  Store store;
  load_file(store, "tests/contract/debian_directives.conf");
  CHECK(store.flag(Option::kDaemonize));
  CHECK(store.text(Option::kDir) == "/var/lib/redis");
  CHECK(store.words(Option::kBind) == std::vector<Bytes>{"127.0.0.1", "-::1"});
}
