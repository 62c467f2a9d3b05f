#include "aof/file_io.h"

#include <cerrno>

#include <doctest/doctest.h>

#include "support/memory_fs.h"

using namespace sluice;
using testing::MemoryFs;

TEST_CASE("FileIo: reads and writes are carried on until all is done") {
  MemoryFs fs;
  fs.limit_write(3);
  auto file = fs.open("f", base::kOpenRead | base::kOpenWrite | base::kOpenCreate);
  REQUIRE(aof::write_at(**file, "0123456789", 5).ok());
  CHECK(*aof::read_exactly(**file, 7, 6) == "234567");
  CHECK(aof::read_exactly(**file, 15, 0)->empty());
}

TEST_CASE("FileIo: what is read goes behind what is there") {
  MemoryFs fs;
  auto file = fs.open("f", base::kOpenRead | base::kOpenWrite | base::kOpenCreate);
  REQUIRE(aof::write_at(**file, "01234", 0).ok());
  base::Bytes bytes = "before ";
  CHECK(aof::read_more(**file, 1, 3, bytes).ok());
  CHECK(bytes == "before 123");
  CHECK(aof::read_more(**file, 3, 3, bytes).error().code == EIO);
}

TEST_CASE("FileIo: the end of the file and a full disk are errors") {
  MemoryFs fs;
  auto file = fs.open("f", base::kOpenRead | base::kOpenWrite | base::kOpenCreate);
  REQUIRE(aof::write_at(**file, "01234", 0).ok());
  CHECK(aof::read_exactly(**file, 3, 5).error().code == EIO);
  fs.set_free_bytes(2);
  CHECK(aof::write_at(**file, "56789", 5).error().code == ENOSPC);
}
