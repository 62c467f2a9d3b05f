#include "support/memory_fs.h"

#include <cerrno>
#include <set>

#include <doctest/doctest.h>

using sluice::base::Bytes;
using sluice::base::File;
using sluice::testing::DiskCall;
using sluice::testing::MemoryFs;

namespace {

constexpr unsigned kNew = sluice::base::kOpenWrite | sluice::base::kOpenCreate;

std::unique_ptr<File> open_new(MemoryFs& fs, const std::string& path) {
  auto file = fs.open(path, kNew);
  REQUIRE(file.ok());
  return std::move(*file);
}

}  // namespace

TEST_CASE("MemoryFs: a crash leaves what was synced and nothing else") {
  MemoryFs fs;
  auto file = open_new(fs, "log");
  REQUIRE(fs.fsync_dir(".").ok());
  REQUIRE(write_all(*file, "kept").ok());
  REQUIRE(file->fdatasync().ok());
  REQUIRE(write_all(*file, " lost").ok());
  CHECK(fs.content("log") == "kept lost");
  fs.crash();
  CHECK(fs.content("log") == "kept");
  CHECK(file->write("more").error().code == EBADF);
}

TEST_CASE("MemoryFs: a new name is lost unless its directory was synced") {
  MemoryFs fs;
  REQUIRE(fs.mkdir("dir").ok());
  REQUIRE(fs.fsync_dir(".").ok());
  auto file = open_new(fs, "dir/a");
  REQUIRE(write_all(*file, "x").ok());
  REQUIRE(file->fdatasync().ok());
  fs.crash();
  CHECK_FALSE(fs.exists("dir/a"));
  CHECK(fs.exists("dir"));
}

TEST_CASE("MemoryFs: an unsynced rename is undone by a crash, a synced one is not") {
  MemoryFs fs;
  fs.put("old", "new content");
  fs.put("target", "old content");
  REQUIRE(fs.rename("old", "target").ok());
  CHECK(fs.content("target") == "new content");
  fs.crash();
  CHECK(fs.content("target") == "old content");
  CHECK(fs.content("old") == "new content");

  REQUIRE(fs.rename("old", "target").ok());
  REQUIRE(fs.fsync_dir(".").ok());
  fs.crash();
  CHECK(fs.content("target") == "new content");
  CHECK_FALSE(fs.exists("old"));
}

TEST_CASE("MemoryFs: kill -9 keeps every byte and frees the locks") {
  MemoryFs fs;
  auto lock = fs.try_lock("lock");
  REQUIRE(lock.ok());
  CHECK(fs.try_lock("lock").error().code == EWOULDBLOCK);
  auto file = open_new(fs, "log");
  REQUIRE(write_all(*file, "unsynced").ok());
  fs.kill_process();
  CHECK(fs.content("log") == "unsynced");
  CHECK(fs.try_lock("lock").ok());
}

TEST_CASE("MemoryFs: a lock is free again when its holder lets go") {
  MemoryFs fs;
  { CHECK(fs.try_lock("lock").ok()); }
  CHECK(fs.try_lock("lock").ok());
}

TEST_CASE("MemoryFs: bytes of a failed fdatasync stay lost although the next one succeeds") {
  MemoryFs fs;
  fs.put("log", "");
  auto file = fs.open("log", sluice::base::kOpenWrite | sluice::base::kOpenAppend);
  REQUIRE(file.ok());
  REQUIRE(write_all(**file, "aaa").ok());
  fs.fail_next(DiskCall::kFdatasync, EIO);
  CHECK((*file)->fdatasync().error().code == EIO);
  REQUIRE(write_all(**file, "bbb").ok());
  CHECK((*file)->fdatasync().ok());
  CHECK(fs.content("log") == "aaabbb");
  fs.crash();
  CHECK(fs.content("log") == Bytes("\0\0\0bbb", 6));
}

TEST_CASE("MemoryFs: writes stop short at their limit and at the end of the disk") {
  MemoryFs fs;
  auto file = open_new(fs, "log");
  fs.limit_write(3);
  CHECK(*file->write("abcdef") == 3);
  fs.limit_write(0);
  fs.set_free_bytes(2);
  CHECK(*file->write("ghij") == 2);
  CHECK(file->write("k").error().code == ENOSPC);
  fs.set_free_unlimited();
  CHECK(*file->write("k") == 1);
  CHECK(fs.content("log") == "abcghk");
  CHECK(fs.bytes_written() == 6);
}

TEST_CASE("MemoryFs: a fault hits as often as asked and no more") {
  MemoryFs fs;
  auto file = open_new(fs, "log");
  fs.fail_next(DiskCall::kWrite, EIO, 2);
  CHECK(file->write("a").error().code == EIO);
  CHECK(file->write("a").error().code == EIO);
  CHECK(file->write("a").ok());
  CHECK(fs.calls(DiskCall::kWrite) == 3);
}

TEST_CASE("MemoryFs: truncate, positions and append behave as on a disk") {
  MemoryFs fs;
  auto file = fs.open("f", kNew | sluice::base::kOpenRead);
  REQUIRE(file.ok());
  REQUIRE(write_all(**file, "0123456789").ok());
  REQUIRE((*file)->truncate(4).ok());
  REQUIRE(*(*file)->pwrite("x", 6) == 1);
  CHECK(fs.content("f") == Bytes("0123\0\0x", 7));
  char buffer[8];
  CHECK(*(*file)->pread(buffer, 2, 1) == 2);
  CHECK(Bytes(buffer, 2) == "12");
  CHECK(*(*file)->pread(buffer, 2, 7) == 0);
  auto end = fs.open("f", sluice::base::kOpenWrite | sluice::base::kOpenAppend);
  REQUIRE(*(*end)->write("!") == 1);
  CHECK(*(*file)->size() == 8);
}

TEST_CASE("MemoryFs: content cut and written again is durable as written") {
  MemoryFs fs;
  fs.put("f", "old old old");
  auto file = fs.open("f", sluice::base::kOpenWrite);
  REQUIRE((*file)->truncate(0).ok());
  REQUIRE((*file)->pwrite("x", 3).ok());
  REQUIRE((*file)->fdatasync().ok());
  CHECK(fs.durable_content("f") == Bytes("\0\0\0x", 4));
}

TEST_CASE("MemoryFs: a random crash always keeps synced bytes and sometimes unsynced ones") {
  sluice::base::Random random(7);
  int kept = 0;
  int lost = 0;
  for (int i = 0; i < 64; ++i) {
    MemoryFs fs;
    fs.put("log", "safe");
    auto file = fs.open("log", sluice::base::kOpenWrite | sluice::base::kOpenAppend);
    REQUIRE(write_all(**file, "risk").ok());
    fs.crash(random);
    const Bytes left = fs.content("log");
    REQUIRE(left.substr(0, 4) == "safe");
    left == "saferisk" ? ++kept : ++lost;
    CHECK((left == "saferisk" || left == "safe" || left == Bytes("safe\0\0\0\0", 8)));
  }
  CHECK(kept > 0);
  CHECK(lost > 0);
}

TEST_CASE("MemoryFs: a random crash tears a page at its sectors") {
  constexpr size_t kPage = 4096;
  constexpr size_t kSector = 512;
  sluice::base::Random random(7);
  int torn = 0;
  for (int i = 0; i < 200; ++i) {
    MemoryFs fs;
    fs.put("log", Bytes(kPage, 'a'));
    auto file = fs.open("log", sluice::base::kOpenWrite);
    REQUIRE(write_all(**file, Bytes(kPage, 'b')).ok());
    fs.crash(random);
    const Bytes left = fs.content("log");
    REQUIRE(left.size() == kPage);
    size_t landed = 0;
    for (size_t at = 0; at < kPage; at += kSector) {
      const Bytes sector = left.substr(at, kSector);
      REQUIRE((sector == Bytes(kSector, 'a') || sector == Bytes(kSector, 'b')));
      landed += sector[0] == 'b' ? 1 : 0;
    }
    torn += landed > 0 && landed < kPage / kSector ? 1 : 0;
  }
  CHECK(torn > 0);
}

TEST_CASE("MemoryFs: a random crash leaves any beginning of what was done to the names of a directory") {
  sluice::base::Random random(7);
  std::set<std::vector<std::string>> seen;
  for (int i = 0; i < 100; ++i) {
    MemoryFs fs;
    fs.put("old", "content");
    open_new(fs, "new");
    REQUIRE(fs.rename("old", "renamed").ok());
    REQUIRE(fs.unlink("new").ok());
    fs.crash(random);
    seen.insert(*fs.list_dir("."));
  }
  const std::set<std::vector<std::string>> expected = {
      {"old"}, {"new", "old"}, {"new", "renamed"}, {"renamed"}};
  CHECK(seen == expected);
}

TEST_CASE("MemoryFs: a rename from one directory to another is two changes to a random crash") {
  sluice::base::Random random(7);
  std::set<std::pair<bool, bool>> seen;
  for (int i = 0; i < 100; ++i) {
    MemoryFs fs;
    fs.put("dir/a", "content");
    REQUIRE(fs.rename("dir/a", "a").ok());
    fs.crash(random);
    seen.insert({fs.exists("dir/a"), fs.exists("a")});
  }
  CHECK(seen.size() == 4);
}

TEST_CASE("MemoryFs: listing shows one directory, sorted, and missing parents are refused") {
  MemoryFs fs;
  CHECK(fs.open("dir/a", kNew).error().code == ENOENT);
  REQUIRE(fs.mkdir("dir").ok());
  open_new(fs, "dir/b");
  open_new(fs, "dir/a");
  open_new(fs, "c");
  CHECK(*fs.list_dir("dir") == std::vector<std::string>{"a", "b"});
  CHECK(*fs.list_dir(".") == std::vector<std::string>{"c", "dir"});
  CHECK(fs.list_dir("nowhere").error().code == ENOENT);
}
