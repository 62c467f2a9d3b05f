#include "base/fs.h"

#include <cerrno>

#include <doctest/doctest.h>

#include "support/memory_fs.h"

using sluice::base::directory_of;
using sluice::testing::DiskCall;
using sluice::testing::MemoryFs;

TEST_CASE("io_error: names the call, the path and the reason") {
  const auto error = sluice::base::io_error(ENOENT, "open", "/data/x");
  CHECK(error.code == ENOENT);
  CHECK(error.message == "open /data/x: No such file or directory");
}

TEST_CASE("directory_of: the part before the last slash") {
  CHECK(directory_of("a/b/c") == "a/b");
  CHECK(directory_of("c") == ".");
  CHECK(directory_of("/c") == "/");
}

TEST_CASE("write_all: goes on after short writes and stops at an error") {
  MemoryFs fs;
  auto file = fs.open("f", sluice::base::kOpenWrite | sluice::base::kOpenCreate);
  REQUIRE(file.ok());
  fs.limit_write(2);
  REQUIRE(write_all(**file, "abcde").ok());
  CHECK(fs.content("f") == "abcde");
  CHECK(fs.calls(DiskCall::kWrite) == 3);
  fs.set_free_bytes(1);
  CHECK(write_all(**file, "xyz").error().code == ENOSPC);
  CHECK(fs.content("f") == "abcdex");
}

TEST_CASE("read_whole: gives all bytes, refuses what is larger than asked for") {
  MemoryFs fs;
  fs.put("f", "0123456789");
  CHECK(*read_whole(fs, "f", 10) == "0123456789");
  CHECK(read_whole(fs, "f", 9).error().code == EFBIG);
  CHECK(read_whole(fs, "g", 9).error().code == ENOENT);
  fs.put("empty", "");
  CHECK(*read_whole(fs, "empty", 0) == "");
}

TEST_CASE("replace_file: any failure leaves the old content") {
  for (const DiskCall call : {DiskCall::kOpen, DiskCall::kWrite, DiskCall::kFdatasync, DiskCall::kRename}) {
    MemoryFs fs;
    fs.put("conf", "old");
    fs.fail_next(call, EIO);
    CHECK(replace_file(fs, "conf", "new").error().code == EIO);
    CHECK(fs.content("conf") == "old");
    CHECK_FALSE(fs.exists("conf.tmp"));
  }
}

TEST_CASE("replace_file: a crash right after it leaves the new content") {
  MemoryFs fs;
  fs.put("conf", "old");
  fs.limit_write(1);
  REQUIRE(replace_file(fs, "conf", "new").ok());
  fs.crash();
  CHECK(fs.content("conf") == "new");
}
