#include "aof/tail_cut.h"

#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "support/memory_fs.h"

using namespace sluice;
using aof::TailCut;
using testing::DiskCall;
using testing::MemoryFs;

namespace {

// True when it was cut.
bool cut(MemoryFs& fs, base::File& file) {
  TailCut tail_cut(fs, file, "d/f", 4);
  while (true) {
    auto done = tail_cut.step(1);
    if (!done || *done) return done.ok();
  }
}

bool cut(MemoryFs& fs) {
  auto file = fs.open("d/f", base::kOpenRead | base::kOpenWrite);
  return cut(fs, **file);
}

}  // namespace

TEST_CASE("TailCut: the end goes into a copy and out of the file, both durable") {
  MemoryFs fs;
  fs.put("d/f", "headtail");
  REQUIRE(cut(fs));
  fs.crash();
  CHECK(fs.content("d/f") == "head");
  CHECK(fs.content("d/f.4.cut") == "tail");
}

TEST_CASE("TailCut: filler behind what is kept is not copied") {
  MemoryFs fs;
  fs.put("d/f", "headtail#\n#\n#");
  REQUIRE(cut(fs));
  CHECK(fs.content("d/f") == "head");
  CHECK(fs.content("d/f.4.cut") == "tail");
}

TEST_CASE("TailCut: a copy made earlier is not overwritten") {
  MemoryFs fs;
  fs.put("d/f", "headtail");
  REQUIRE(cut(fs));
  fs.put("d/f", "headmore");
  REQUIRE(cut(fs));
  CHECK(fs.content("d/f.4.cut") == "tail");
  CHECK(fs.content("d/f.4-2.cut") == "more");
}

TEST_CASE("TailCut: without a durable copy the file stays as it is") {
  MemoryFs fs;
  fs.put("d/f", "headtail");
  auto file = fs.open("d/f", base::kOpenRead | base::kOpenWrite);
  SUBCASE("open") {
    fs.fail_next(DiskCall::kOpen, EMFILE);
  }
  SUBCASE("full") {
    fs.set_free_bytes(2);
  }
  SUBCASE("sync") {
    fs.fail_next(DiskCall::kFdatasync, EIO);
  }
  SUBCASE("directory") {
    fs.fail_next(DiskCall::kFsyncDir, EIO);
  }
  CHECK_FALSE(cut(fs, **file));
  CHECK(fs.content("d/f") == "headtail");
  CHECK_FALSE(fs.exists("d/f.4.cut"));
}
