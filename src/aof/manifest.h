// The list of files that make up the log, as Redis 7 writes it, so that either server reads the other's:
//
//   file appendonly.aof.2.base.rdb seq 2 type b
//   file appendonly.aof.1.incr.aof seq 1 type h
//   file appendonly.aof.2.incr.aof seq 2 type i
//   #SLUICE-UNFINISHED:appendonly.aof.3.base.rdb     ours: being made, not part of the log
//   #XXH3:<hash>:<bytes above>:<bytes above>:0       ours; absent when redis-server wrote it last
//
// b is the base, i an increment, h history waiting to be deleted. Redis skips the '#' lines. Knows nothing of
// what the files hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

using base::Bytes;
using base::ByteView;

inline constexpr uint64_t kMaxManifestBytes = 4 * 1024 * 1024;

// Where the log lives: `appenddirname` below `dir`, and `appendfilename`.
struct LogPlace {
  std::string dir = ".";
  std::string log_dir_name = "appendonlydir";
  std::string file_name = "appendonly.aof";

  [[nodiscard]] std::string log_dir() const { return dir + "/" + log_dir_name; }
  [[nodiscard]] std::string path(const std::string& name) const { return log_dir() + "/" + name; }
  [[nodiscard]] std::string manifest_path() const { return path(file_name + ".manifest"); }
  // Held by whoever writes the log.
  [[nodiscard]] std::string lock_path() const { return dir + "/sluice.lock"; }
  // What Redis 6 and older write: all of the log in one file, outside the directory.
  [[nodiscard]] std::string single_file_path() const { return dir + "/" + file_name; }
  [[nodiscard]] std::string increment_name(uint64_t seq) const;
  [[nodiscard]] std::string base_name(uint64_t seq, bool rdb) const;
};

struct ManifestFile {
  std::string name;  // without directory
  uint64_t seq = 0;

  friend bool operator==(const ManifestFile& a, const ManifestFile& b) {
    return a.name == b.name && a.seq == b.seq;
  }
};

struct Manifest {
  std::optional<ManifestFile> base;
  std::vector<ManifestFile> history;
  std::vector<ManifestFile> increments;  // in the order written, seq rising
  // Names of files that are being made. Whoever finds them here at a start may delete them: nobody else's
  // file has a name that was noted before it was there.
  std::vector<std::string> unfinished;
  bool verified = false;  // parsed with our annotation, and it held

  [[nodiscard]] uint64_t last_increment_seq() const { return increments.empty() ? 0 : increments.back().seq; }
  // Nothing to load.
  [[nodiscard]] bool empty() const { return !base && increments.empty(); }
  // As part of the log, past or present.
  [[nodiscard]] bool names(const std::string& name) const;
};

[[nodiscard]] Bytes encode_manifest(const Manifest& manifest);
// `path` only names the file in errors, which give the line and the reason.
[[nodiscard]] base::Result<Manifest> parse_manifest(ByteView text, const std::string& path);

[[nodiscard]] base::Result<Manifest> read_manifest(base::Fs& fs, const LogPlace& place);
// Atomic and durable: a crash leaves the old one or the new one.
[[nodiscard]] base::IoResult<void> write_manifest(base::Fs& fs, const LogPlace& place,
                                                  const Manifest& manifest);

struct Orphan {
  std::string name;
  uint64_t seq = 0;
  uint64_t size_bytes = 0;
};

// Increments and bases in the log's directory that the manifest does not name and that hold something, which
// an increment with nothing behind its header does not: left by a crash before the manifest named them, or a
// sign that the manifest lost lines. No server may overwrite them.
[[nodiscard]] std::vector<Orphan> find_orphans(base::Fs& fs, const LogPlace& place, const Manifest& manifest);

}  // namespace sluice::aof
