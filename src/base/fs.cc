#include "base/fs.h"

#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::base {

namespace {

template <class Call>
auto retry_interrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

int native_flags(unsigned flags) {
  int native = O_CLOEXEC;
  if ((flags & kOpenRead) && (flags & kOpenWrite)) {
    native |= O_RDWR;
  } else if (flags & kOpenWrite) {
    native |= O_WRONLY;
  } else {
    native |= O_RDONLY;
  }
  if (flags & kOpenCreate) native |= O_CREAT;
  if (flags & kOpenExclusive) native |= O_EXCL;
  if (flags & kOpenTruncate) native |= O_TRUNC;
  if (flags & kOpenAppend) native |= O_APPEND;
  return native;
}

class PosixFile final : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() override {
    if (fd_ >= 0) ::close(fd_);
  }

  IoResult<size_t> write(ByteView bytes) override {
    return counted(retry_interrupted([&] { return ::write(fd_, bytes.data(), bytes.size()); }), "write");
  }

  IoResult<size_t> pwrite(ByteView bytes, uint64_t offset) override {
    const auto at = static_cast<off_t>(offset);
    return counted(retry_interrupted([&] { return ::pwrite(fd_, bytes.data(), bytes.size(), at); }), "write");
  }

  IoResult<size_t> read(char* into, size_t size) override {
    return counted(retry_interrupted([&] { return ::read(fd_, into, size); }), "read");
  }

  IoResult<size_t> pread(char* into, size_t size, uint64_t offset) override {
    const auto at = static_cast<off_t>(offset);
    return counted(retry_interrupted([&] { return ::pread(fd_, into, size, at); }), "read");
  }

  IoResult<void> fdatasync() override {
    return done(retry_interrupted([&] { return ::fdatasync(fd_); }), "sync");
  }

  IoResult<void> sync_range(uint64_t offset, uint64_t size, Writeback how) override {
    unsigned flags = SYNC_FILE_RANGE_WRITE;
    if (how == Writeback::kWait) flags |= SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
    const auto from = static_cast<off64_t>(offset);
    const auto count = static_cast<off64_t>(size);
    return done(retry_interrupted([&] { return ::sync_file_range(fd_, from, count, flags); }), "write out");
  }

  IoResult<void> truncate(uint64_t size) override {
    return done(retry_interrupted([&] { return ::ftruncate(fd_, static_cast<off_t>(size)); }), "truncate");
  }

  IoResult<uint64_t> size() override {
    struct stat about {};
    if (::fstat(fd_, &about) != 0) return io_error(errno, "stat", path_);
    return static_cast<uint64_t>(about.st_size);
  }

  IoResult<void> close() override {
    const int fd = fd_;
    fd_ = -1;
    // Linux closes the descriptor even when close says EINTR; calling it again could close somebody else's.
    if (::close(fd) != 0 && errno != EINTR) return io_error(errno, "close", path_);
    return {};
  }

 private:
  IoResult<size_t> counted(ssize_t result, const char* what) const {
    if (result < 0) return io_error(errno, what, path_);
    return static_cast<size_t>(result);
  }

  IoResult<void> done(int result, const char* what) const {
    if (result != 0) return io_error(errno, what, path_);
    return {};
  }

  int fd_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;
  ~PosixLock() override { ::close(fd_); }

 private:
  int fd_;
};

}  // namespace

IoResult<std::unique_ptr<File>> PosixFs::open(const std::string& path, unsigned flags) {
  const int native = native_flags(flags);
  const int fd = retry_interrupted([&] { return ::open(path.c_str(), native, 0644); });
  if (fd < 0) return io_error(errno, "open", path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
}

// What cannot be looked at counts as there: nobody may take a log on a disk that fails for no log. What the
// caller does next will say what is wrong.
bool PosixFs::exists(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

IoResult<uint64_t> PosixFs::size(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return io_error(errno, "stat", path);
  return static_cast<uint64_t>(about.st_size);
}

IoResult<void> PosixFs::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error(errno, "rename", from);
  return {};
}

IoResult<void> PosixFs::unlink(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return io_error(errno, "unlink", path);
  return {};
}

IoResult<void> PosixFs::mkdir(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return {};
  const int code = errno;
  struct stat about {};
  if (code == EEXIST && ::stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) return {};
  return io_error(code, "mkdir", path);
}

IoResult<std::vector<std::string>> PosixFs::list_dir(const std::string& path) {
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return io_error(errno, "list", path);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir);
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  const int code = errno;
  ::closedir(dir);
  if (code != 0) return io_error(code, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

IoResult<void> PosixFs::fsync_dir(const std::string& path) {
  const int fd = retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (fd < 0) return io_error(errno, "open", path);
  const int result = retry_interrupted([&] { return ::fsync(fd); });
  const int code = errno;
  ::close(fd);
  // Some file systems cannot sync a directory and say so; their names are as durable as they ever will be.
  if (result != 0 && code != EINVAL && code != EBADF) return io_error(code, "sync", path);
  return {};
}

IoResult<void> PosixFs::copy_access(const std::string& model, const std::string& path) {
  struct stat about {};
  if (::stat(model.c_str(), &about) != 0) return io_error(errno, "stat", model);
  // Only a privileged process gives files away, others may still choose among their groups. Before the
  // permissions, since a change of owner takes bits away.
  if (::chown(path.c_str(), about.st_uid, about.st_gid) != 0 &&
      ::chown(path.c_str(), static_cast<uid_t>(-1), about.st_gid) != 0 && errno != EPERM) {
    return io_error(errno, "chown", path);
  }
  if (::chmod(path.c_str(), about.st_mode & 07777) != 0) return io_error(errno, "chmod", path);
  return {};
}

IoResult<std::unique_ptr<FileLock>> PosixFs::try_lock(const std::string& path) {
  const int fd = retry_interrupted([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); });
  if (fd < 0) return io_error(errno, "open", path);
  if (retry_interrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) != 0) {
    const int code = errno;
    ::close(fd);
    return io_error(code, "lock", path);
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(fd));
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

IoResult<void> write_all(File& file, ByteView bytes) {
  while (!bytes.empty()) {
    auto written = file.write(bytes);
    if (!written) return written.error();
    bytes.remove_prefix(*written);
  }
  return {};
}

IoResult<Bytes> read_whole(Fs& fs, const std::string& path, uint64_t max_bytes) {
  auto file = fs.open(path, kOpenRead);
  if (!file) return file.error();
  auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > max_bytes) return io_error(EFBIG, "read", path);
  // Files under /proc and pipes report no size, so the end is where read says it is. One byte more than the
  // size lets the first read see the end.
  Bytes content(static_cast<size_t>(*size) + 1, '\0');
  size_t filled = 0;
  for (;;) {
    auto count = (*file)->read(content.data() + filled, content.size() - filled);
    if (!count) return count.error();
    if (*count == 0) break;
    filled += *count;
    if (filled > max_bytes) return io_error(EFBIG, "read", path);
    if (filled == content.size()) content.resize(content.size() * 2);
  }
  content.resize(filled);
  return content;
}

IoResult<void> replace_file(Fs& fs, const std::string& path, ByteView bytes) {
  const std::string temporary = path + ".tmp";
  auto file = fs.open(temporary, kOpenWrite | kOpenCreate | kOpenTruncate);
  if (!file) return file.error();
  auto written = fs.exists(path) ? fs.copy_access(path, temporary) : IoResult<void>();
  if (written) written = write_all(**file, bytes);
  if (written) written = (*file)->fdatasync();
  if (written) written = (*file)->close();
  if (written) written = fs.rename(temporary, path);
  if (!written) {
    // The first failure is the one to report; a left-over temporary file does no harm.
    (void)fs.unlink(temporary);
    return written;
  }
  return fs.fsync_dir(directory_of(path));
}

}  // namespace sluice::base
