// The only disk. Everything that touches a file is handed an Fs: PosixFs in the program, a faultable one in
// tests (tests/support/memory_fs). Nothing above this file calls open, write or rename by itself. A File is
// owned by whoever opened it. One thread may write it while another calls fdatasync; nothing else of a File
// is shared. Calls are retried on EINTR. Nothing throws; an IoError names the call, the path and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/io_error.h"

namespace sluice::base {

// Combined with |.
enum OpenFlag : unsigned {
  kOpenRead = 1,
  kOpenWrite = 2,
  kOpenCreate = 4,     // permissions 0644 less the umask
  kOpenExclusive = 8,  // with kOpenCreate: EEXIST when it is already there
  kOpenTruncate = 16,
  kOpenAppend = 32,  // every write() goes to the end as it is then
};

enum class Writeback {
  kStart,  // the kernel begins to write the range out; returns at once
  kWait,   // returns when the range has been written out (not a promise of durability: that is fdatasync's)
};

class File {
 public:
  virtual ~File() = default;  // Closes; an error of that close is lost, so writers call close().

  // Bytes taken, at least 1 unless `bytes` is empty; fewer than given is no error. See write_all below.
  virtual IoResult<size_t> write(ByteView bytes) = 0;
  virtual IoResult<size_t> pwrite(ByteView bytes, uint64_t offset) = 0;
  // Bytes put into `into`; 0 only at the end of the file.
  virtual IoResult<size_t> read(char* into, size_t size) = 0;
  virtual IoResult<size_t> pread(char* into, size_t size, uint64_t offset) = 0;

  // After a failure the bytes not yet synced may be gone although reads still show them: a later success says
  // nothing about them.
  virtual IoResult<void> fdatasync() = 0;
  virtual IoResult<void> sync_range(uint64_t offset, uint64_t size, Writeback how) = 0;
  virtual IoResult<void> truncate(uint64_t size) = 0;
  [[nodiscard]] virtual IoResult<uint64_t> size() = 0;
  virtual IoResult<void> close() = 0;  // Once; afterwards every call fails with EBADF.
};

// Held until destroyed, or until the process ends in any way.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Fs {
 public:
  virtual ~Fs() = default;

  virtual IoResult<std::unique_ptr<File>> open(const std::string& path, unsigned flags) = 0;
  virtual bool exists(const std::string& path) = 0;
  virtual IoResult<uint64_t> size(const std::string& path) = 0;
  // Replaces `to` at once. Durable only after fsync_dir of the directories concerned, as is every new name.
  virtual IoResult<void> rename(const std::string& from, const std::string& to) = 0;
  virtual IoResult<void> unlink(const std::string& path) = 0;
  // A directory that is already there is success.
  virtual IoResult<void> mkdir(const std::string& path) = 0;
  // Names of its entries, sorted, without "." and "..".
  virtual IoResult<std::vector<std::string>> list_dir(const std::string& path) = 0;
  virtual IoResult<void> fsync_dir(const std::string& path) = 0;
  // Gives `path` the permissions of `model`, and its owner and group as far as this process may.
  virtual IoResult<void> copy_access(const std::string& model, const std::string& path) = 0;
  // Creates `path` if needed. EWOULDBLOCK when somebody else holds it.
  virtual IoResult<std::unique_ptr<FileLock>> try_lock(const std::string& path) = 0;
};

class PosixFs final : public Fs {
 public:
  IoResult<std::unique_ptr<File>> open(const std::string& path, unsigned flags) override;
  bool exists(const std::string& path) override;
  IoResult<uint64_t> size(const std::string& path) override;
  IoResult<void> rename(const std::string& from, const std::string& to) override;
  IoResult<void> unlink(const std::string& path) override;
  IoResult<void> mkdir(const std::string& path) override;
  IoResult<std::vector<std::string>> list_dir(const std::string& path) override;
  IoResult<void> fsync_dir(const std::string& path) override;
  IoResult<void> copy_access(const std::string& model, const std::string& path) override;
  IoResult<std::unique_ptr<FileLock>> try_lock(const std::string& path) override;
};

// "a/b" -> "a"; "b" -> "."; "/b" -> "/".
[[nodiscard]] std::string directory_of(const std::string& path);

// Writes all of `bytes`. After an error an unknown part of them is in the file.
IoResult<void> write_all(File& file, ByteView bytes);

// The whole file. EFBIG when it is larger than `max_bytes`.
IoResult<Bytes> read_whole(Fs& fs, const std::string& path, uint64_t max_bytes);

// Puts `bytes` at `path` so that a crash leaves the old content or the new one, never a mixture: writes
// "<path>.tmp", syncs it, renames it over `path`, syncs the directory. Who may read a file that was there
// before stays as it was, from the first byte written.
IoResult<void> replace_file(Fs& fs, const std::string& path, ByteView bytes);

}  // namespace sluice::base
