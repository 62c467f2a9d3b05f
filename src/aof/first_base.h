// The first start with a log, over data that has none in parts: what there is becomes the first base. Redis 7
// would start empty beside a snapshot, which is how jobs are lost when `appendonly` is switched on in a
// configuration file. Where both are there the old log wins, as in Redis: it was kept to the end, the
// snapshot only now and then. A snapshot is copied, which takes slices of time; a link to it would be spoilt
// by whoever copies another file over it. The copy is loaded under a name that a start deletes, and is a part
// of the log once that went well: a damaged one must not be in the way of a good one that is put in its
// place. Owns the files while it copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "aof/manifest.h"
#include "base/fs.h"
#include "base/result.h"

namespace sluice::aof {

enum class Adopted : uint8_t {
  kNothing,
  kSingleFile,  // the log in one file that Redis 6 and older write: moved, under its name
  kSnapshot     // the file at `snapshot_path`: copied
};

class FirstBase {
 public:
  FirstBase(base::Fs& fs, LogPlace place, std::string snapshot_path);

  // If there is no manifest yet, names the one file in a first one, durably, or copies the snapshot. Goes on
  // for about `budget_bytes`; true when that is done, or there was nothing to do. A crash in between leaves a
  // start that does it again, or to its end; redis-server 7 would, too. After an error it is spent.
  base::Result<bool> step(size_t budget_bytes);
  // What is to be loaded instead of what a manifest says: the copy, until one of these follows.
  [[nodiscard]] std::optional<Manifest> to_load() const;
  // That was loaded: the copy gets its name, there and in `manifest`, which is the first to name it.
  base::Result<void> settle(Manifest& manifest);
  // It cannot be loaded: the copy goes. Answers why, of the snapshot that it was copied from.
  [[nodiscard]] base::Error refuse(const base::Error& why);

  [[nodiscard]] Adopted adopted() const { return adopted_; }
  // Of what is copied; 0 if nothing is.
  [[nodiscard]] uint64_t copied_bytes() const { return copied_bytes_; }
  [[nodiscard]] uint64_t total_bytes() const { return total_bytes_; }

 private:
  base::Result<bool> begin();
  base::Result<void> adopt_single_file();
  base::Result<void> move_single_file();
  [[nodiscard]] bool is_half_moved() const;
  [[nodiscard]] bool may_copy() const;
  [[nodiscard]] bool is_unfinished() const;
  base::IoResult<void> open_copy();
  // True at the end of the file.
  base::IoResult<bool> copy_some(size_t budget_bytes);
  base::IoResult<void> write_out();
  base::IoResult<void> end_copy();

  base::Fs& fs_;
  const LogPlace place_;
  const std::string snapshot_path_;
  Adopted adopted_ = Adopted::kNothing;
  std::unique_ptr<base::File> from_;  // while it copies
  std::unique_ptr<base::File> to_;
  Bytes buffer_;
  uint64_t copied_bytes_ = 0;
  uint64_t total_bytes_ = 0;
  uint64_t written_out_ = 0;  // to here, or about to be
  uint64_t waited_for_ = 0;   // to here, it is
};

}  // namespace sluice::aof
