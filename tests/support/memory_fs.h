// A file system in memory that can be told to fail. Like a real disk, it keeps apart what the kernel shows
// (the current content and names) and what a power cut leaves (what fdatasync and fsync_dir made durable). A
// test owns it and hands it out as a base::Fs; faults are set on it and hit every file opened through it.
// Files may be used from two threads, as base::File allows. It knows nothing of the log or of any file's
// format.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/fs.h"
#include "base/random.h"

namespace sluice::testing {

enum class DiskCall {
  kOpen,
  kWrite,
  kRead,
  kFdatasync,
  kSyncRange,
  kTruncate,
  kClose,
  kRename,
  kUnlink,
  kMkdir,
  kFsyncDir
};

struct Inode;  // one file's bytes, current and durable

class MemoryFs final : public base::Fs {
 public:
  MemoryFs();
  ~MemoryFs() override;

  base::IoResult<std::unique_ptr<base::File>> open(const std::string& path, unsigned flags) override;
  bool exists(const std::string& path) override;
  base::IoResult<uint64_t> size(const std::string& path) override;
  base::IoResult<void> rename(const std::string& from, const std::string& to) override;
  base::IoResult<void> unlink(const std::string& path) override;
  base::IoResult<void> mkdir(const std::string& path) override;
  base::IoResult<std::vector<std::string>> list_dir(const std::string& path) override;
  base::IoResult<void> fsync_dir(const std::string& path) override;
  // Everyone may read everything here.
  base::IoResult<void> copy_access(const std::string& model, const std::string& path) override;
  base::IoResult<std::unique_ptr<base::FileLock>> try_lock(const std::string& path) override;

  // The process died (kill -9): nothing is lost, open files are dead (EBADF), locks are free.
  void kill_process();
  // The power went: names and bytes not synced are gone, too.
  void crash();
  // The power went after the kernel had written some of the unsynced pages, in any order, one or another only
  // in part; lost pages and sectors inside the file read as zeros or as what was there before. Of what was
  // done to the names of a directory since it was synced, any beginning survives; a rename inside it is
  // whole.
  void crash(base::Random& random);

  // The next `times` calls of this kind fail with errno `code`. A failed fdatasync drops the bytes it should
  // have synced, as Linux does: a later one succeeds without them.
  void fail_next(DiskCall call, int code, int times = 1);
  // The same, after this many more calls of this kind that work.
  void fail_later(DiskCall call, int code, uint64_t calls_before);
  void clear_faults();
  // Writes take at most this many bytes per call; 0 for no limit.
  void limit_write(size_t bytes);
  // After this many more bytes written, writes take what fits and then fail with ENOSPC.
  void set_free_bytes(uint64_t bytes);
  void set_free_unlimited();

  // For looking on and for damaging files behind the program's back. REQUIRES: the file exists.
  [[nodiscard]] base::Bytes content(const std::string& path);
  [[nodiscard]] base::Bytes durable_content(const std::string& path);
  // Creates or replaces, durable at once, name and directory included. Faults do not apply.
  void put(const std::string& path, base::ByteView bytes);

  [[nodiscard]] uint64_t calls(DiskCall call);
  [[nodiscard]] uint64_t bytes_written();

 private:
  friend class MemoryFile;
  friend class MemoryLock;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  // What one call did to the names of a directory: path -> file, null when the name went.
  using NameChange = std::vector<std::pair<std::string, std::shared_ptr<Inode>>>;

  bool fails(DiskCall call, int* code);
  base::IoResult<void> simple_fault(DiskCall call, const char* what, const std::string& path);
  void drop_handles();
  std::shared_ptr<Inode> find(const std::string& path) const;
  // Of names that are all in one directory.
  void change_names(NameChange change);
  static void apply(const NameChange& change, Names& names);

  std::mutex mutex_;
  Names names_;          // what programs see; directories are entries, too
  Names durable_names_;  // what a power cut leaves
  std::map<std::string, std::vector<NameChange>> unsynced_;  // by directory, in the order made
  std::set<std::string> locks_;
  struct Fault {
    int code = 0;
    int times = 1;
    uint64_t calls_before = 0;
  };
  std::map<DiskCall, Fault> faults_;
  std::map<DiskCall, uint64_t> calls_;
  uint64_t generation_ = 0;  // handles of an earlier one are dead
  uint64_t bytes_written_ = 0;
  uint64_t free_bytes_ = UINT64_MAX;
  size_t write_limit_ = 0;
};

}  // namespace sluice::testing
