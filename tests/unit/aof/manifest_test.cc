#include "aof/manifest.h"

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "aof/frame.h"
#include "support/memory_fs.h"

using namespace sluice::aof;
using sluice::testing::DiskCall;
using sluice::testing::MemoryFs;

namespace {

Manifest sample() {
  Manifest manifest;
  manifest.base = ManifestFile{"appendonly.aof.2.base.rdb", 2};
  manifest.history = {{"appendonly.aof.1.incr.aof", 1}};
  manifest.increments = {{"appendonly.aof.2.incr.aof", 2}, {"appendonly.aof.3.incr.aof", 3}};
  return manifest;
}

std::string reason(ByteView text) {
  auto parsed = parse_manifest(text, "m");
  return parsed ? std::string() : parsed.error().message;
}

}  // namespace

TEST_CASE("Manifest: what is written reads back verified") {
  const Bytes text = encode_manifest(sample());
  auto back = parse_manifest(text, "m");
  REQUIRE(back);
  CHECK(back->verified);
  CHECK(back->base == sample().base);
  CHECK(back->history == sample().history);
  CHECK(back->increments == sample().increments);
  CHECK(back->last_increment_seq() == 3);
}

TEST_CASE("Manifest: one that redis-server wrote is read, unverified") {
  auto read = parse_manifest(
      "file appendonly.aof.2.base.aof seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n", "m");
  REQUIRE(read);
  CHECK_FALSE(read->verified);
  CHECK(read->base->name == "appendonly.aof.2.base.aof");
  CHECK(read->increments.size() == 1);
}

TEST_CASE("Manifest: every changed byte of ours is refused") {
  const Bytes text = encode_manifest(sample());
  for (size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      CHECK_FALSE(parse_manifest(changed, "m").ok());
    }
  }
}

TEST_CASE("Manifest: names with blanks and odd bytes survive") {
  Manifest manifest;
  manifest.increments = {{"my \"log\"\\\x01\xc3.1.incr.aof", 1}};
  auto back = parse_manifest(encode_manifest(manifest), "m");
  REQUIRE(back);
  CHECK(back->increments == manifest.increments);
}

TEST_CASE("Manifest: a fault is told with its line and reason") {
  CHECK(reason("") == "m: the manifest is empty");
  CHECK(reason("file a seq 1 type i") == "m: line 1: it does not end in a line feed");
  CHECK(reason("file a seq 1 type i\n\n") == "m: line 2: an empty line");
  CHECK(reason("file a seq 1\n") == "m: line 1: no type");
  CHECK(reason("file a type i\n") == "m: line 1: no sequence number above 0");
  CHECK(reason("seq 1 type i\n") == "m: line 1: no file");
  CHECK(reason("file a seq x type i\n") == "m: line 1: 'x' is not a sequence number");
  CHECK(reason("file a seq 1 type q\n") == "m: line 1: 'q' is not one of b, i, h");
  CHECK(reason("file ../a seq 1 type i\n") == "m: line 1: '../a' is not a file name");
  CHECK(reason("file a seq 1 type\n") == "m: line 1: expected pairs of a name and a value");
  CHECK(reason("file \"a seq 1 type i\n") == "m: line 1: unbalanced quotes");
  CHECK(reason("file a seq 2 type i\nfile b seq 2 type i\n") ==
        "m: line 2: the sequence numbers do not rise");
  CHECK(reason("file a seq 1 type b\nfile b seq 2 type b\n") == "m: line 2: a second base");
  CHECK(reason("# hello\n") == "m: line 1: a '#' line that no server writes");
  CHECK(reason(encode_manifest(sample()) + "file z seq 9 type i\n") ==
        "m: line 6: nothing may follow the checksum");
  CHECK(reason("file " + std::string(2000, 'a') + " seq 1 type i\n") ==
        "m: line 1: it is longer than any server writes");
}

TEST_CASE("Manifest: pairs it does not know are skipped, as Redis does") {
  CHECK(reason("file a seq 1 type i later thing\n").empty());
}

TEST_CASE("Manifest: a crash while it is replaced leaves the old one or the new one") {
  MemoryFs fs;
  const LogPlace place;
  REQUIRE(fs.mkdir(place.log_dir()).ok());
  REQUIRE(fs.fsync_dir(place.dir).ok());
  REQUIRE(write_manifest(fs, place, sample()).ok());
  Manifest next = sample();
  next.increments.push_back({"appendonly.aof.4.incr.aof", 4});
  SUBCASE("failed rename") {
    fs.fail_next(DiskCall::kRename, EIO);
  }
  SUBCASE("failed sync") {
    fs.fail_next(DiskCall::kFdatasync, EIO);
  }
  SUBCASE("full disk") {
    fs.set_free_bytes(10);
  }
  CHECK_FALSE(write_manifest(fs, place, next).ok());
  fs.set_free_unlimited();
  fs.crash();
  auto back = read_manifest(fs, place);
  REQUIRE(back);
  CHECK(back->increments == sample().increments);
  REQUIRE(write_manifest(fs, place, next).ok());
  fs.crash();
  CHECK(read_manifest(fs, place)->increments == next.increments);
}

TEST_CASE("Manifest: what is being made is noted, and is no part of the log") {
  Manifest manifest = sample();
  manifest.unfinished = {"appendonly.aof.3.base.rdb", "a b\n.aof.4.incr.aof"};
  const auto back = parse_manifest(encode_manifest(manifest), "m");
  REQUIRE(back);
  CHECK(back->verified);
  CHECK(back->unfinished == manifest.unfinished);
  CHECK(back->increments == manifest.increments);
  CHECK_FALSE(back->names("appendonly.aof.3.base.rdb"));
  CHECK(back->names("appendonly.aof.3.incr.aof"));
  for (const std::string bad : {"", "a b", "../x", "\"a"}) {
    CHECK_FALSE(parse_manifest("#SLUICE-UNFINISHED:" + bad + "\n", "m"));
  }
}

TEST_CASE("Manifest: files it does not name are orphans once they hold more than a header, however little") {
  MemoryFs fs;
  const LogPlace place;
  fs.put("./appendonlydir/appendonly.aof.2.incr.aof", std::string(500, 'x'));
  fs.put("./appendonlydir/appendonly.aof.7.incr.aof", std::string(500, 'x'));
  fs.put("./appendonlydir/appendonly.aof.8.incr.aof", "#");
  Bytes header;
  append_header(header, {1, 2, 2, 0});
  fs.put("./appendonlydir/appendonly.aof.10.incr.aof", header);
  fs.put("./appendonlydir/appendonly.aof.11.incr.aof", "");
  fs.put("./appendonlydir/appendonly.aof.12.incr.aof", std::string(header.size(), '\0'));
  fs.put("./appendonlydir/appendonly.aof.13.base.rdb", "");
  fs.put("./appendonlydir/appendonly.aof.14.incr.aof", header + "*");
  fs.put("./appendonlydir/appendonly.aof.15.incr.aof", "*1\r\n$4\r\nPING\r\n");
  fs.put("./appendonlydir/appendonly.aof.16.base.rdb", "R");
  fs.put("./appendonlydir/appendonly.aof.9.base.rdb", std::string(500, 'x'));
  fs.put("./appendonlydir/appendonly.aof.2.incr.aof.77.cut", std::string(500, 'x'));
  std::vector<uint64_t> found;
  for (const Orphan& orphan : find_orphans(fs, place, sample())) {
    found.push_back(orphan.seq);
    if (orphan.seq == 7) CHECK(orphan.size_bytes == 500);
  }
  CHECK(found == std::vector<uint64_t>{14, 15, 16, 7, 9});
}
