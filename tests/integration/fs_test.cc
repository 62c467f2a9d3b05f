// PosixFs on a real disk, in a folder of its own that is gone afterwards.
#include "base/fs.h"

#include <cerrno>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "integration/temporary_folder.h"

using sluice::base::Bytes;
using sluice::base::PosixFs;
using sluice::testing::TemporaryFolder;

namespace {

constexpr unsigned kNew = sluice::base::kOpenWrite | sluice::base::kOpenCreate;

}  // namespace

TEST_CASE("PosixFs: what was written is read back, sized, cut and synced") {
  const TemporaryFolder folder;
  PosixFs fs;
  auto file = fs.open(folder / "f", kNew | sluice::base::kOpenRead);
  REQUIRE(file.ok());
  REQUIRE(write_all(**file, "0123456789").ok());
  CHECK(*(*file)->pwrite("x", 2) == 1);
  CHECK((*file)->sync_range(0, 10, sluice::base::Writeback::kStart).ok());
  CHECK((*file)->sync_range(0, 10, sluice::base::Writeback::kWait).ok());
  CHECK((*file)->fdatasync().ok());
  CHECK((*file)->truncate(6).ok());
  CHECK(*(*file)->size() == 6);
  char buffer[16];
  CHECK(*(*file)->pread(buffer, sizeof buffer, 1) == 5);
  CHECK(Bytes(buffer, 5) == "1x345");
  CHECK(*(*file)->pread(buffer, sizeof buffer, 6) == 0);
  CHECK((*file)->close().ok());
  CHECK((*file)->write("y").error().code == EBADF);
  CHECK(*read_whole(fs, folder / "f", 100) == "01x345");
  CHECK(*fs.size(folder / "f") == 6);
}

TEST_CASE("PosixFs: only what is known not to be there is absent, not what cannot be looked at") {
  const TemporaryFolder folder;
  PosixFs fs;
  REQUIRE(fs.open(folder / "f", kNew).ok());
  CHECK(fs.exists(folder / "f"));
  CHECK_FALSE(fs.exists(folder / "g"));
  CHECK_FALSE(fs.exists(folder / "f/below a file"));
  REQUIRE(symlink("loop", (folder / "loop").c_str()) == 0);
  CHECK(fs.exists(folder / "loop"));
  CHECK(fs.exists(folder / std::string(300, 'n')));
}

TEST_CASE("PosixFs: open flags mean what they say") {
  const TemporaryFolder folder;
  PosixFs fs;
  CHECK(fs.open(folder / "f", sluice::base::kOpenRead).error().code == ENOENT);
  REQUIRE(fs.open(folder / "f", kNew).ok());
  CHECK(fs.open(folder / "f", kNew | sluice::base::kOpenExclusive).error().code == EEXIST);
  auto end = fs.open(folder / "f", sluice::base::kOpenWrite | sluice::base::kOpenAppend);
  REQUIRE(write_all(**end, "ab").ok());
  auto again = fs.open(folder / "f", sluice::base::kOpenWrite | sluice::base::kOpenAppend);
  REQUIRE(write_all(**again, "c").ok());
  CHECK(*read_whole(fs, folder / "f", 100) == "abc");
  REQUIRE(fs.open(folder / "f", kNew | sluice::base::kOpenTruncate).ok());
  CHECK(*fs.size(folder / "f") == 0);
}

TEST_CASE("PosixFs: names are made, listed in order, moved and removed") {
  const TemporaryFolder folder;
  PosixFs fs;
  REQUIRE(fs.open(folder / "b", kNew).ok());
  REQUIRE(fs.open(folder / "a", kNew).ok());
  CHECK(*fs.list_dir(folder.path()) == std::vector<std::string>{"a", "b"});
  CHECK(fs.rename(folder / "a", folder / "c").ok());
  CHECK(fs.fsync_dir(folder.path()).ok());
  CHECK(fs.exists(folder / "c"));
  CHECK_FALSE(fs.exists(folder / "a"));
  CHECK(fs.unlink(folder / "c").ok());
  CHECK(fs.unlink(folder / "c").error().code == ENOENT);
  CHECK(fs.mkdir(folder.path()).ok());
  CHECK(fs.mkdir(folder / "b").error().code == EEXIST);
  CHECK(fs.list_dir(folder / "none").error().code == ENOENT);
}

TEST_CASE("PosixFs: a lock has one holder until it lets go") {
  const TemporaryFolder folder;
  PosixFs fs;
  {
    const auto held = fs.try_lock(folder / "lock");
    REQUIRE(held.ok());
    CHECK(fs.try_lock(folder / "lock").error().code == EWOULDBLOCK);
  }
  CHECK(fs.try_lock(folder / "lock").ok());
}

TEST_CASE("PosixFs: replace_file leaves the new content and no temporary") {
  const TemporaryFolder folder;
  PosixFs fs;
  REQUIRE(replace_file(fs, folder / "conf", "one").ok());
  REQUIRE(replace_file(fs, folder / "conf", "two").ok());
  CHECK(*read_whole(fs, folder / "conf", 100) == "two");
  CHECK(*fs.list_dir(folder.path()) == std::vector<std::string>{"conf"});
}

TEST_CASE("PosixFs: a file that is replaced keeps its permissions and its owner") {
  const TemporaryFolder folder;
  PosixFs fs;
  const std::string path = folder / "secret";
  REQUIRE(sluice::base::replace_file(fs, path, "old").ok());
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const bool privileged = ::geteuid() == 0;
  if (privileged) REQUIRE(::chown(path.c_str(), 12, 34) == 0);
  REQUIRE(sluice::base::replace_file(fs, path, "new").ok());
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0640);
  CHECK(about.st_size == 3);
  CHECK(about.st_uid == (privileged ? 12 : ::geteuid()));
  CHECK(about.st_gid == (privileged ? 34 : ::getegid()));
}

TEST_CASE("read_whole: files that report no size are read to their end") {
  PosixFs fs;
  const auto status = read_whole(fs, "/proc/self/status", 1 << 20);
  REQUIRE(status.ok());
  CHECK(status.value().find("VmRSS") != Bytes::npos);
}
