// A disk that goes away after so many calls that change something: each later call fails, and nothing of it
// reaches the disk behind. For trying a crash between any two steps of something: count its steps first, then
// die at each. The disk behind it is a MemoryFs, which says what a power cut leaves.
#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "base/fs.h"
#include "support/memory_fs.h"

namespace sluice::testing {

class DyingFs final : public base::Fs {
 public:
  explicit DyingFs(MemoryFs& disk) : disk_(disk) {}

  // The call after so many more is the first that fails.
  void die_after(uint64_t calls) { left_ = calls; }
  [[nodiscard]] uint64_t calls() const { return calls_; }
  [[nodiscard]] bool dead() const { return dead_; }

  base::IoResult<std::unique_ptr<base::File>> open(const std::string& path, unsigned flags) override {
    if (!step()) return gone(path);
    auto file = disk_.open(path, flags);
    if (!file) return file.error();
    return std::unique_ptr<base::File>(std::make_unique<DyingFile>(*this, std::move(*file)));
  }
  bool exists(const std::string& path) override { return disk_.exists(path); }
  base::IoResult<uint64_t> size(const std::string& path) override { return disk_.size(path); }
  base::IoResult<void> rename(const std::string& from, const std::string& to) override {
    return step() ? disk_.rename(from, to) : gone(from);
  }
  base::IoResult<void> unlink(const std::string& path) override {
    return step() ? disk_.unlink(path) : gone(path);
  }
  base::IoResult<void> mkdir(const std::string& path) override {
    return step() ? disk_.mkdir(path) : gone(path);
  }
  base::IoResult<std::vector<std::string>> list_dir(const std::string& path) override {
    return disk_.list_dir(path);
  }
  base::IoResult<void> fsync_dir(const std::string& path) override {
    return step() ? disk_.fsync_dir(path) : gone(path);
  }
  base::IoResult<void> copy_access(const std::string& model, const std::string& path) override {
    return step() ? disk_.copy_access(model, path) : gone(path);
  }
  base::IoResult<std::unique_ptr<base::FileLock>> try_lock(const std::string& path) override {
    return disk_.try_lock(path);
  }

 private:
  class DyingFile final : public base::File {
   public:
    DyingFile(DyingFs& fs, std::unique_ptr<base::File> file) : fs_(fs), file_(std::move(file)) {}
    base::IoResult<size_t> write(base::ByteView bytes) override {
      if (!fs_.step()) return gone("file");
      return file_->write(bytes);
    }
    base::IoResult<size_t> pwrite(base::ByteView bytes, uint64_t offset) override {
      if (!fs_.step()) return gone("file");
      return file_->pwrite(bytes, offset);
    }
    base::IoResult<size_t> read(char* into, size_t size) override { return file_->read(into, size); }
    base::IoResult<size_t> pread(char* into, size_t size, uint64_t offset) override {
      return file_->pread(into, size, offset);
    }
    base::IoResult<void> fdatasync() override { return fs_.step() ? file_->fdatasync() : gone("file"); }
    base::IoResult<void> sync_range(uint64_t offset, uint64_t size, base::Writeback how) override {
      return fs_.step() ? file_->sync_range(offset, size, how) : gone("file");
    }
    base::IoResult<void> truncate(uint64_t size) override {
      return fs_.step() ? file_->truncate(size) : gone("file");
    }
    base::IoResult<uint64_t> size() override { return file_->size(); }
    base::IoResult<void> close() override { return file_->close(); }

   private:
    DyingFs& fs_;
    std::unique_ptr<base::File> file_;
  };

  static base::IoError gone(const std::string& path) { return base::io_error(EIO, "reach", path); }
  bool step() {
    ++calls_;
    if (left_ == 0) dead_ = true;
    if (!dead_) --left_;
    return !dead_;
  }

  MemoryFs& disk_;
  uint64_t left_ = UINT64_MAX;
  uint64_t calls_ = 0;
  bool dead_ = false;
};

}  // namespace sluice::testing
