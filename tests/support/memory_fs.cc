#include "support/memory_fs.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace sluice::testing {

using base::Bytes;
using base::ByteView;
using base::io_error;
using base::IoResult;

namespace {

constexpr size_t kPageBytes = 4096;   // what a kernel writes out as one
constexpr size_t kSectorBytes = 512;  // what a disk does
constexpr uint64_t kTornPages = 8;    // of so many pages that survive one does in part

}  // namespace

struct Inode {
  bool directory = false;
  Bytes current;
  Bytes durable;
  std::vector<std::pair<size_t, size_t>> dirty;  // [from, to) not yet in durable

  void touch(size_t from, size_t to) {
    // Appends are nearly everything: join them, or a long test drowns in ranges.
    if (!dirty.empty() && dirty.back().second == from) {
      dirty.back().second = to;
    } else if (from < to) {
      dirty.emplace_back(from, to);
    }
  }

  void resize(size_t size) {
    const size_t before = current.size();
    current.resize(size, '\0');
    touch(std::min(before, size), std::max(before, size));
  }

  void sync() {
    durable.resize(current.size(), '\0');
    for (const auto& range : dirty) {
      const size_t to = std::min(range.second, current.size());
      if (range.first < to)
        durable.replace(range.first, to - range.first, current, range.first, to - range.first);
    }
    dirty.clear();
  }

  void lose_power() {
    current = durable;
    dirty.clear();
  }

  void lose_power(base::Random& random) {
    Bytes left = durable;
    if (random.below(2) == 0) left.resize(current.size(), '\0');
    for (const auto& range : dirty) {
      for (size_t from = range.first; from < range.second;) {
        const size_t to = std::min(range.second, (from / kPageBytes + 1) * kPageBytes);
        if (random.below(2) == 0) land(left, from, to, random);
        from = to;
      }
    }
    current = left;
    durable = left;
    dirty.clear();
  }

 private:
  // A part of one page comes to the disk, all of it or sector by sector.
  void land(Bytes& left, size_t from, size_t to, base::Random& random) const {
    const bool torn = random.below(kTornPages) == 0;
    const size_t end = std::min({to, left.size(), current.size()});
    while (from < end) {
      const size_t next = torn ? std::min(end, (from / kSectorBytes + 1) * kSectorBytes) : end;
      if (!torn || random.below(2) == 0) left.replace(from, next - from, current, from, next - from);
      from = next;
    }
  }
};

class MemoryFile final : public base::File {
 public:
  MemoryFile(MemoryFs& fs, std::shared_ptr<Inode> inode, std::string path, unsigned flags)
      : fs_(fs),
        inode_(std::move(inode)),
        path_(std::move(path)),
        flags_(flags),
        generation_(fs.generation_) {}

  IoResult<size_t> write(ByteView bytes) override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    const size_t at = (flags_ & base::kOpenAppend) ? inode_->current.size() : position_;
    auto written = put(bytes, at);
    if (written) position_ = at + *written;
    return written;
  }

  IoResult<size_t> pwrite(ByteView bytes, uint64_t offset) override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    return put(bytes, static_cast<size_t>(offset));
  }

  IoResult<size_t> read(char* into, size_t size) override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    auto count = get(into, size, position_);
    if (count) position_ += *count;
    return count;
  }

  IoResult<size_t> pread(char* into, size_t size, uint64_t offset) override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    return get(into, size, static_cast<size_t>(offset));
  }

  IoResult<void> fdatasync() override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    auto fault = check(DiskCall::kFdatasync, "sync");
    if (!fault) {
      inode_->dirty.clear();
      return fault;
    }
    inode_->sync();
    return {};
  }

  IoResult<void> sync_range(uint64_t, uint64_t, base::Writeback) override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    return check(DiskCall::kSyncRange, "write out");
  }

  IoResult<void> truncate(uint64_t size) override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    auto fault = check(DiskCall::kTruncate, "truncate");
    if (!fault) return fault;
    if (!(flags_ & base::kOpenWrite)) return io_error(EINVAL, "truncate", path_);
    inode_->resize(static_cast<size_t>(size));
    return {};
  }

  IoResult<uint64_t> size() override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    if (dead()) return io_error(EBADF, "stat", path_);
    return uint64_t{inode_->current.size()};
  }

  IoResult<void> close() override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    auto fault = check(DiskCall::kClose, "close");
    closed_ = true;
    return fault;
  }

 private:
  [[nodiscard]] bool dead() const { return closed_ || generation_ != fs_.generation_; }

  IoResult<void> check(DiskCall call, const char* what) {
    if (dead()) return io_error(EBADF, what, path_);
    return fs_.simple_fault(call, what, path_);
  }

  IoResult<size_t> put(ByteView bytes, size_t at) {
    auto fault = check(DiskCall::kWrite, "write");
    if (!fault) return fault.error();
    if (!(flags_ & base::kOpenWrite)) return io_error(EBADF, "write", path_);
    size_t count = bytes.size();
    if (fs_.write_limit_ != 0) count = std::min(count, fs_.write_limit_);
    if (count > fs_.free_bytes_) count = static_cast<size_t>(fs_.free_bytes_);
    if (count == 0 && !bytes.empty()) return io_error(ENOSPC, "write", path_);
    if (fs_.free_bytes_ != UINT64_MAX) fs_.free_bytes_ -= count;
    if (inode_->current.size() < at) inode_->resize(at);
    if (inode_->current.size() < at + count) inode_->current.resize(at + count);
    inode_->current.replace(at, count, bytes.data(), count);
    inode_->touch(at, at + count);
    fs_.bytes_written_ += count;
    return count;
  }

  IoResult<size_t> get(char* into, size_t size, size_t at) {
    auto fault = check(DiskCall::kRead, "read");
    if (!fault) return fault.error();
    if (!(flags_ & base::kOpenRead)) return io_error(EBADF, "read", path_);
    if (at >= inode_->current.size()) return size_t{0};
    return inode_->current.copy(into, size, at);
  }

  MemoryFs& fs_;
  std::shared_ptr<Inode> inode_;
  std::string path_;
  unsigned flags_;
  uint64_t generation_;
  size_t position_ = 0;
  bool closed_ = false;
};

class MemoryLock final : public base::FileLock {
 public:
  MemoryLock(MemoryFs& fs, std::string path) : fs_(fs), path_(std::move(path)), generation_(fs.generation_) {}
  MemoryLock(const MemoryLock&) = delete;
  MemoryLock& operator=(const MemoryLock&) = delete;
  ~MemoryLock() override {
    const std::lock_guard<std::mutex> guard(fs_.mutex_);
    if (generation_ == fs_.generation_) fs_.locks_.erase(path_);
  }

 private:
  MemoryFs& fs_;
  std::string path_;
  uint64_t generation_;
};

MemoryFs::MemoryFs() = default;
MemoryFs::~MemoryFs() = default;

bool MemoryFs::fails(DiskCall call, int* code) {
  ++calls_[call];
  const auto found = faults_.find(call);
  if (found == faults_.end()) return false;
  Fault& fault = found->second;
  if (fault.calls_before > 0) {
    --fault.calls_before;
    return false;
  }
  *code = fault.code;
  if (--fault.times == 0) faults_.erase(found);
  return true;
}

IoResult<void> MemoryFs::simple_fault(DiskCall call, const char* what, const std::string& path) {
  int code = 0;
  if (fails(call, &code)) return io_error(code, what, path);
  return {};
}

std::shared_ptr<Inode> MemoryFs::find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

void MemoryFs::change_names(NameChange change) {
  apply(change, names_);
  unsynced_[base::directory_of(change.front().first)].push_back(std::move(change));
}

void MemoryFs::apply(const NameChange& change, Names& names) {
  for (const auto& [path, inode] : change) {
    if (inode == nullptr) {
      names.erase(path);
    } else {
      names[path] = inode;
    }
  }
}

IoResult<std::unique_ptr<base::File>> MemoryFs::open(const std::string& path, unsigned flags) {
  const std::lock_guard<std::mutex> guard(mutex_);
  auto fault = simple_fault(DiskCall::kOpen, "open", path);
  if (!fault) return fault.error();
  std::shared_ptr<Inode> inode = find(path);
  if (!inode) {
    if (!(flags & base::kOpenCreate)) return io_error(ENOENT, "open", path);
    // The root and the working directory are there from the start, any other must have been made.
    const std::string parent = base::directory_of(path);
    if (parent != "." && parent != "/" && !find(parent)) return io_error(ENOENT, "open", path);
    inode = std::make_shared<Inode>();
    change_names({{path, inode}});
  } else if ((flags & base::kOpenCreate) && (flags & base::kOpenExclusive)) {
    return io_error(EEXIST, "open", path);
  }
  if (inode->directory) return io_error(EISDIR, "open", path);
  if (flags & base::kOpenTruncate) inode->resize(0);
  return std::unique_ptr<base::File>(std::make_unique<MemoryFile>(*this, std::move(inode), path, flags));
}

bool MemoryFs::exists(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  return find(path) != nullptr;
}

IoResult<uint64_t> MemoryFs::size(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto inode = find(path);
  if (!inode) return io_error(ENOENT, "stat", path);
  return uint64_t{inode->current.size()};
}

IoResult<void> MemoryFs::rename(const std::string& from, const std::string& to) {
  const std::lock_guard<std::mutex> guard(mutex_);
  auto fault = simple_fault(DiskCall::kRename, "rename", from);
  if (!fault) return fault;
  const auto found = names_.find(from);
  if (found == names_.end()) return io_error(ENOENT, "rename", from);
  SLUICE_CHECK(!found->second->directory, "renaming a directory is not modelled");
  const auto inode = found->second;
  if (base::directory_of(from) == base::directory_of(to)) {
    change_names({{from, nullptr}, {to, inode}});
  } else {
    change_names({{to, inode}});
    change_names({{from, nullptr}});
  }
  return {};
}

IoResult<void> MemoryFs::unlink(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  auto fault = simple_fault(DiskCall::kUnlink, "unlink", path);
  if (!fault) return fault;
  const auto found = names_.find(path);
  if (found == names_.end()) return io_error(ENOENT, "unlink", path);
  if (found->second->directory) return io_error(EISDIR, "unlink", path);
  change_names({{path, nullptr}});
  return {};
}

IoResult<void> MemoryFs::mkdir(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  auto fault = simple_fault(DiskCall::kMkdir, "mkdir", path);
  if (!fault) return fault;
  if (const auto inode = find(path)) {
    if (inode->directory) return {};
    return io_error(EEXIST, "mkdir", path);
  }
  auto inode = std::make_shared<Inode>();
  inode->directory = true;
  change_names({{path, std::move(inode)}});
  return {};
}

IoResult<std::vector<std::string>> MemoryFs::list_dir(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto inode = find(path);
  if (path != "." && path != "/" && (!inode || !inode->directory)) return io_error(ENOENT, "list", path);
  std::vector<std::string> names;
  for (const auto& name : names_) {
    if (name.first == path || base::directory_of(name.first) != path) continue;
    const size_t slash = name.first.rfind('/');
    names.push_back(slash == std::string::npos ? name.first : name.first.substr(slash + 1));
  }
  return names;  // a map is sorted already
}

IoResult<void> MemoryFs::copy_access(const std::string& model, const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (!find(model)) return io_error(ENOENT, "stat", model);
  if (!find(path)) return io_error(ENOENT, "chmod", path);
  return {};
}

IoResult<void> MemoryFs::fsync_dir(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  auto fault = simple_fault(DiskCall::kFsyncDir, "sync", path);
  if (!fault) return fault;
  for (const NameChange& change : unsynced_[path]) apply(change, durable_names_);
  unsynced_.erase(path);
  return {};
}

IoResult<std::unique_ptr<base::FileLock>> MemoryFs::try_lock(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (locks_.count(path) != 0) return io_error(EWOULDBLOCK, "lock", path);
  if (!find(path)) change_names({{path, std::make_shared<Inode>()}});
  locks_.insert(path);
  return std::unique_ptr<base::FileLock>(std::make_unique<MemoryLock>(*this, path));
}

void MemoryFs::drop_handles() {
  ++generation_;
  locks_.clear();
}

void MemoryFs::kill_process() {
  const std::lock_guard<std::mutex> guard(mutex_);
  drop_handles();
}

void MemoryFs::crash() {
  const std::lock_guard<std::mutex> guard(mutex_);
  drop_handles();
  unsynced_.clear();
  names_ = durable_names_;
  for (const auto& entry : names_) entry.second->lose_power();
}

void MemoryFs::crash(base::Random& random) {
  const std::lock_guard<std::mutex> guard(mutex_);
  drop_handles();
  for (const auto& directory : unsynced_) {
    const size_t survive = random.below(directory.second.size() + 1);
    for (size_t i = 0; i < survive; ++i) apply(directory.second[i], durable_names_);
  }
  unsynced_.clear();
  names_ = durable_names_;
  for (const auto& entry : names_) entry.second->lose_power(random);
}

void MemoryFs::fail_next(DiskCall call, int code, int times) {
  SLUICE_CHECK(times > 0, "a fault that never happens");
  const std::lock_guard<std::mutex> guard(mutex_);
  faults_[call] = {code, times, 0};
}

void MemoryFs::fail_later(DiskCall call, int code, uint64_t calls_before) {
  const std::lock_guard<std::mutex> guard(mutex_);
  faults_[call] = {code, 1, calls_before};
}

void MemoryFs::clear_faults() {
  const std::lock_guard<std::mutex> guard(mutex_);
  faults_.clear();
}

void MemoryFs::limit_write(size_t bytes) {
  const std::lock_guard<std::mutex> guard(mutex_);
  write_limit_ = bytes;
}

void MemoryFs::set_free_bytes(uint64_t bytes) {
  const std::lock_guard<std::mutex> guard(mutex_);
  free_bytes_ = bytes;
}

void MemoryFs::set_free_unlimited() {
  set_free_bytes(UINT64_MAX);
}

Bytes MemoryFs::content(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto inode = find(path);
  SLUICE_CHECK(inode != nullptr, "content() of a file that is not there");
  return inode->current;
}

Bytes MemoryFs::durable_content(const std::string& path) {
  const std::lock_guard<std::mutex> guard(mutex_);
  const auto found = durable_names_.find(path);
  SLUICE_CHECK(found != durable_names_.end(), "durable_content() of a file that is not durable");
  return found->second->durable;
}

void MemoryFs::put(const std::string& path, ByteView bytes) {
  const std::lock_guard<std::mutex> guard(mutex_);
  auto inode = std::make_shared<Inode>();
  inode->current = Bytes(bytes);
  inode->durable = inode->current;
  const std::string parent = base::directory_of(path);
  if (parent != "." && parent != "/" && !find(parent)) {
    auto directory = std::make_shared<Inode>();
    directory->directory = true;
    names_[parent] = directory;
    durable_names_[parent] = std::move(directory);
  }
  names_[path] = inode;
  durable_names_[path] = std::move(inode);
}

uint64_t MemoryFs::calls(DiskCall call) {
  const std::lock_guard<std::mutex> guard(mutex_);
  return calls_[call];
}

uint64_t MemoryFs::bytes_written() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return bytes_written_;
}

}  // namespace sluice::testing
