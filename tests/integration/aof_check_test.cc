// sluice-check-aof against directories that this server and redis-server wrote, whole and broken.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/fs.h"
#include "integration/log_folder.h"

using namespace sluice;
using namespace sluice::testing;

namespace {

struct Checked {
  int status;
  std::string text;
  [[nodiscard]] bool says(const std::string& words) const { return text.find(words) != std::string::npos; }
};

Checked check(const std::string& arguments, const std::string& input = "") {
  const Output output = shell("printf %s \"" + input + "\" | " SLUICE_CHECK_AOF_PATH " " + arguments);
  return {WEXITSTATUS(output.status), output.text};
}

// Two starts of ours: two increments of three batches each, the last of each only sealed.
void write_two(const TemporaryFolder& folder) {
  base::PosixFs fs;
  const aof::LogPlace place = place_in(folder);
  write_log(fs, place, {});
  const LoadOutcome between = load_from(fs, place);
  REQUIRE_MESSAGE(between.ok(), between.error);
  write_log(fs, place, between.start);
}

std::string increment(const TemporaryFolder& folder, int seq) {
  return place_in(folder).path("appendonly.aof." + std::to_string(seq) + ".incr.aof");
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void flip(const std::string& path, size_t at) {
  std::string bytes = content(path);
  REQUIRE(at < bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  overwrite(path, bytes);
}

std::vector<std::string> records_of(const TemporaryFolder& folder) {
  base::PosixFs fs;
  const LoadOutcome loaded = load_from(fs, place_in(folder));
  REQUIRE_MESSAGE(loaded.ok(), loaded.error);
  return loaded.records;
}

}  // namespace

TEST_CASE("sluice-check-aof: a log that a clean stop left is sound, named by manifest or either directory") {
  const TemporaryFolder folder;
  write_two(folder);
  const aof::LogPlace place = place_in(folder);
  for (const std::string& path :
       {place.manifest_path(), place.log_dir(), folder.path(), folder.path() + "/"}) {
    const Checked checked = check(path);
    CAPTURE(checked.text);
    CHECK(checked.status == 0);
    CHECK(checked.says("Sound: "));
    CHECK(checked.says("2 extensions"));
  }
}

TEST_CASE("sluice-check-aof: wrong usage and places without a log are told from a log that is not sound") {
  const TemporaryFolder folder;
  CHECK(check("").status == 2);
  CHECK(check("--yes " + folder.path()).status == 2);
  CHECK(check("--nonsense " + folder.path()).status == 2);
  const Checked empty = check(folder.path());
  CHECK(empty.status == 2);
  CHECK(empty.says("neither a manifest nor a directory with one"));
  CHECK(check("--help").status == 0);
}

TEST_CASE("sluice-check-aof: a torn tail is found, cut when asked to, and kept") {
  const TemporaryFolder folder;
  write_two(folder);
  const std::string last = increment(folder, 2);
  const std::string whole = content(last);
  const std::vector<std::string> before = records_of(folder);
  const std::string torn = "*3\r\n$5\r\nRPUSH\r\n$1\r\nq\r\n$9\r\nunfin";
  overwrite(last, whole + torn);

  const Checked found = check(folder.path());
  CAPTURE(found.text);
  CHECK(found.status == 1);
  CHECK(found.says("offset " + std::to_string(whole.size())));
  CHECK(found.says("would be cut"));
  CHECK(found.says("Salvageable: "));
  CHECK(content(last) == whole + torn);

  CHECK(check("--fix " + folder.path(), "n").status == 1);
  CHECK(content(last) == whole + torn);
  const Checked fixed = check("--fix " + folder.path(), "y");
  CAPTURE(fixed.text);
  CHECK(fixed.status == 0);
  CHECK(content(last).starts_with(whole));
  CHECK(content(last + "." + std::to_string(whole.size()) + ".cut") == torn);
  CHECK(check(folder.path()).status == 0);
  CHECK(records_of(folder) == before);
}

TEST_CASE(
    "sluice-check-aof: damage is found at its batch; the fix keeps what is before it, and the rest beside") {
  const TemporaryFolder folder;
  write_two(folder);
  const std::string first = increment(folder, 1);
  const std::string whole = content(first);
  const size_t flipped = whole.find("\r\nb\r\n");
  REQUIRE(flipped != std::string::npos);
  // The batch with the transaction begins behind the first annotation.
  const size_t annotation = whole.find("#XXH3:", whole.find("RPUSH"));
  const size_t batch = whole.find("\r\n", annotation) + 2;
  REQUIRE(batch < flipped);
  flip(first, flipped + 2);
  const std::string manifest = content(place_in(folder).manifest_path());

  const Checked found = check(folder.path());
  CAPTURE(found.text);
  CHECK(found.status == 1);
  CHECK(found.says(first + ": offset " + std::to_string(batch)));
  CHECK(found.says("Salvageable: 1 command"));

  const Checked fixed = check("--fix --yes " + folder.path());
  CAPTURE(fixed.text);
  CHECK(fixed.status == 0);
  CHECK(fixed.says("Sound: 1 command"));
  CHECK(content(first) == whole.substr(0, batch));
  CHECK(content(first + "." + std::to_string(batch) + ".cut").size() == whole.size() - batch);
  CHECK(content(place_in(folder).manifest_path() + ".cut") == manifest);
  CHECK(std::filesystem::exists(increment(folder, 2)));
  CHECK(records_of(folder) == std::vector<std::string>{"RPUSH q a"});
  const Checked again = check(folder.path());
  CHECK(again.status == 0);
  CHECK(again.says("that the manifest does not name"));
}

TEST_CASE("sluice-check-aof: every changed byte is told of") {
  const TemporaryFolder folder;
  write_two(folder);
  for (const std::string& path :
       {place_in(folder).manifest_path(), increment(folder, 1), increment(folder, 2)}) {
    const std::string whole = content(path);
    for (size_t at = 0; at < whole.size(); at += 1 + whole.size() / 12) {
      CAPTURE(path);
      CAPTURE(at);
      flip(path, at);
      CHECK(check(folder.path()).status == 1);
      overwrite(path, whole);
    }
  }
  CHECK(check(folder.path()).status == 0);
}

TEST_CASE("sluice-check-aof: a missing file is named, and nothing is cut for it") {
  const TemporaryFolder folder;
  write_two(folder);
  std::filesystem::remove(increment(folder, 1));
  const std::string second = content(increment(folder, 2));
  const Checked checked = check("--fix --yes " + folder.path());
  CAPTURE(checked.text);
  CHECK(checked.status == 1);
  CHECK(checked.says(increment(folder, 1)));
  CHECK(checked.says("cannot be mended"));
  CHECK(content(increment(folder, 2)) == second);
}

TEST_CASE("sluice-check-aof: a log in use is looked at, but not fixed") {
  const TemporaryFolder folder;
  write_two(folder);
  overwrite(increment(folder, 2), content(increment(folder, 2)) + "*1\r\n$4\r\nPI");
  base::PosixFs fs;
  const auto lock = fs.try_lock(place_in(folder).lock_path());
  REQUIRE(lock.ok());
  CHECK(check(folder.path()).status == 1);
  const Checked checked = check("--fix --yes " + folder.path());
  CHECK(checked.status == 2);
  CHECK(checked.says("A server uses this log"));
}

TEST_CASE(
    "sluice-check-aof: a fix judges nothing that a server may still write to, which it would then cut") {
  const TemporaryFolder folder;
  write_two(folder);
  const std::string torn = content(increment(folder, 2)) + "*1\r\n$4\r\nPI";
  overwrite(increment(folder, 2), torn);
  base::PosixFs fs;
  {
    const auto lock = fs.try_lock(place_in(folder).lock_path());
    REQUIRE(lock.ok());
    const Checked used = check("--fix " + folder.path(), "y");
    CAPTURE(used.text);
    CHECK(used.status == 2);
    CHECK_FALSE(used.says("Salvageable"));
    CHECK_FALSE(used.says("offset"));
    CHECK(content(increment(folder, 2)) == torn);
  }
  CHECK(check("--fix " + folder.path(), "y").status == 0);
}

TEST_CASE("sluice-check-aof: the one file of Redis 6 is judged and mended like what a start makes of it") {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/appendonly.aof";
  const std::string select = record({"SELECT", "0"});
  const std::string kept = select + record({"RPUSH", "q", "a"});
  const std::string whole = kept + record({"MULTI"}) + record({"RPUSH", "q", "b"}) + record({"EXEC"});
  overwrite(path, whole);
  const Checked sound = check(path);
  CAPTURE(sound.text);
  CHECK(sound.status == 0);
  CHECK(sound.says("Sound: 3 commands, " + std::to_string(whole.size())));
  CHECK(check("--fix --yes " + path).status == 0);
  CHECK(content(path) == whole);

  SUBCASE("torn: the unit that is not whole goes, and is kept") {
    overwrite(path, whole.substr(0, whole.size() - 3));
    const Checked torn = check(path);
    CAPTURE(torn.text);
    CHECK(torn.status == 1);
    CHECK(torn.says(": offset " + std::to_string(kept.size())));
    CHECK(torn.says("would be cut"));
    CHECK(check("--fix " + path, "n").status == 1);
    CHECK(content(path).size() == whole.size() - 3);
  }
  SUBCASE("damaged in its middle") {
    std::string damaged = whole;
    damaged[kept.size()] = '!';
    overwrite(path, damaged);
    const Checked found = check(path);
    CAPTURE(found.text);
    CHECK(found.status == 1);
    CHECK(found.says(": offset " + std::to_string(kept.size())));
    CHECK(found.says("Salvageable: 2 commands"));
  }
  if (content(path) == whole) return;
  const std::string broken = content(path);
  const Checked fixed = check("--fix --yes " + path);
  CAPTURE(fixed.text);
  CHECK(fixed.status == 0);
  CHECK(content(path) == kept);
  CHECK(content(path + "." + std::to_string(kept.size()) + ".cut") == broken.substr(kept.size()));
  CHECK(check(path).status == 0);
}

TEST_CASE("sluice-check-aof: the one file of Redis 6 with a snapshot in front: a torn end is cut behind it") {
  const TemporaryFolder folder;
  (void)with_redis(folder.path(), "redis-cli -s s set k v; redis-cli -s s save;");
  const std::string snapshot = content(folder.path() + "/dump.rdb");
  REQUIRE_FALSE(snapshot.empty());
  const std::string path = folder.path() + "/old.aof";
  const std::string kept = snapshot + record({"SELECT", "0"}) + record({"RPUSH", "q", "a"});
  overwrite(path, kept + "*3\r\n$5\r\nRPU");
  const Checked torn = check(path);
  CAPTURE(torn.text);
  CHECK(torn.status == 1);
  CHECK(torn.says("1 key of the base"));
  CHECK(torn.says("offset " + std::to_string(kept.size())));
  CHECK(check("--fix --yes " + path).status == 0);
  CHECK(content(path) == kept);
  // Nothing of a snapshot can be given up.
  flip(path, snapshot.size() - 3);
  const Checked broken = check("--fix --yes " + path);
  CHECK(broken.status == 1);
  CHECK(broken.says("cannot be mended"));
}

TEST_CASE("sluice-check-aof: what is not a log in one file is not taken for one, and not cut") {
  const TemporaryFolder folder;
  write_two(folder);
  const std::string text = folder.path() + "/notes";
  overwrite(text, "what to buy\n");
  overwrite(folder.path() + "/dump.rdb", "REDIS0010");
  for (const std::string& path :
       {text, folder.path() + "/dump.rdb", increment(folder, 1), folder.path() + "/none"}) {
    CAPTURE(path);
    const Checked checked = check("--fix --yes " + path);
    CHECK(checked.status == 2);
    CHECK(checked.says("nor a whole log in one file"));
  }
  CHECK(content(text) == "what to buy\n");
}

TEST_CASE("sluice-check-aof: what redis-server wrote, RDB base and plain, whole, torn and flipped") {
  for (const std::string preamble : {"yes", "no"}) {
    CAPTURE(preamble);
    const TemporaryFolder folder;
    (void)with_redis(
        folder.path(),
        "redis-cli -s s rpush q a b c; redis-cli -s s set k v; redis-cli -s s hset h f v; "
        "redis-cli -s s bgrewriteaof; "
        "for i in $(seq 100); do redis-cli -s s info persistence | grep -q rewrite_in_progress:0 && "
        "break; sleep 0.1; done; redis-cli -s s rpush q d; redis-cli -s s rpush q e;",
        preamble);
    const Checked sound = check(folder.path());
    CAPTURE(sound.text);
    REQUIRE(sound.status == 0);
    const std::string end = preamble == "yes" ? ".base.rdb" : ".base.aof";
    std::string base_file;
    std::string last;
    for (const auto& entry : std::filesystem::directory_iterator(place_in(folder).log_dir())) {
      const std::string path = entry.path().string();
      if (path.ends_with(end)) base_file = path;
      if (path.ends_with(".incr.aof")) last = path;
    }
    REQUIRE_FALSE(base_file.empty());
    if (preamble == "yes") CHECK(sound.says("3 keys of the base"));

    const std::string tail = content(last);
    overwrite(last, tail.substr(0, tail.size() - 3));
    const Checked torn = check(folder.path());
    CAPTURE(torn.text);
    CHECK(torn.status == 1);
    CHECK(torn.says("would be cut"));
    const Checked fixed = check("--fix --yes " + folder.path());
    CAPTURE(fixed.text);
    CHECK(fixed.status == 0);
    CHECK(content(last).size() < tail.size());

    const std::string base_bytes = content(base_file);
    overwrite(base_file, base_bytes.substr(0, base_bytes.size() / 2));
    const Checked broken = check("--fix --yes " + folder.path());
    CAPTURE(broken.text);
    CHECK(broken.status == 1);
    CHECK(broken.says("offset"));
    CHECK(content(base_file).size() == base_bytes.size() / 2);
    overwrite(base_file, base_bytes);
    if (preamble == "yes") {
      flip(base_file, base_bytes.size() - 12);
      CHECK(check(folder.path()).status == 1);
    }
  }
}
