// Cuts the end off a file and keeps what was cut beside it, as "<name>.<offset>.cut": first the copy is made
// durable, then the file is cut, so that no crash loses the bytes. Filler at the end is not copied. Works in
// slices. Borrows the open file, owns the copy while it is made; why something is cut is the loader's matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/fs.h"

namespace sluice::aof {

class TailCut {
 public:
  // `file` is open for reading and writing at `path`, which lies in `dir`; everything from `at` goes.
  TailCut(base::Fs& fs, base::File& file, std::string path, uint64_t at);

  // Copies about `budget_bytes` more; true when the file has been cut.
  base::IoResult<bool> step(size_t budget_bytes);

  [[nodiscard]] const std::string& copy_path() const { return copy_path_; }

 private:
  base::IoResult<void> open_copy();
  // True when all of it is durable.
  base::IoResult<bool> copy_some(size_t budget_bytes);
  base::IoResult<void> finish_copy();

  base::Fs& fs_;
  base::File& file_;
  std::string path_;
  std::string copy_path_;
  uint64_t at_;
  uint64_t copied_ = 0;
  uint64_t size_ = 0;
  std::unique_ptr<base::File> copy_;
};

}  // namespace sluice::aof
