// SnapshotLoading: an RDB file read into the keyspace, slice by slice: the base of a log, or dump.rdb at a
// start without a log. Entries go in as they are, without events and without a log of their own. Owns the
// file and the reader.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fs.h"
#include "base/result.h"
#include "keyspace/keyspace.h"
#include "snapshot/reader.h"

namespace sluice::server {

class SnapshotLoading final : private snapshot::EntrySink, private snapshot::ByteSource {
 public:
  // What becomes of keys whose time has come. A log brings their removals itself.
  enum class Expired : uint8_t { kKeep, kDrop };
  struct Into {
    keyspace::Keyspace& keyspace;
    Expired expired = Expired::kKeep;
    int64_t now_ms = 0;
    bool more_follows = false;  // behind the end of the snapshot, for another to read
  };

  // Errors name the file.
  static base::Result<std::unique_ptr<SnapshotLoading>> open(base::Fs& fs, const std::string& path,
                                                             Into into);

  // One slice; true when all is loaded.
  base::Result<bool> step(uint64_t budget_bytes) { return reader_.load_on(budget_bytes); }
  [[nodiscard]] uint64_t loaded_bytes() const { return reader_.offset(); }
  [[nodiscard]] uint64_t total_bytes() const { return size_bytes_; }
  // Read so far, and those of them that were left out as expired.
  [[nodiscard]] uint64_t entries() const { return reader_.entries(); }
  [[nodiscard]] uint64_t expired() const { return expired_; }

 private:
  SnapshotLoading(std::unique_ptr<base::File> file, uint64_t size_bytes, Into into)
      : file_(std::move(file)),
        size_bytes_(size_bytes),
        into_(into),
        reader_(*this, size_bytes, into.keyspace, *this) {
    if (into.more_follows) reader_.allow_more();
  }

  base::Result<void> entry(snapshot::LoadedEntry entry) override;
  base::Result<void> aux(base::ByteView name, base::ByteView value) override;
  base::Result<size_t> read(char* into, size_t size) override;

  std::unique_ptr<base::File> file_;
  uint64_t size_bytes_;
  Into into_;
  uint64_t expired_ = 0;
  snapshot::Reader reader_;
};

}  // namespace sluice::server
