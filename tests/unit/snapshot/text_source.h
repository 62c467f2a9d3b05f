// Bytes in memory as a source that gives them out in pieces, and may fail.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "snapshot/decoder.h"

namespace sluice::snapshot {

class TextSource final : public ByteSource {
 public:
  explicit TextSource(base::ByteView bytes, size_t piece = SIZE_MAX) : bytes_(bytes), piece_(piece) {}

  void fail_with(std::string message) { message_ = std::move(message); }
  base::Result<size_t> read(char* into, size_t size) override {
    if (!message_.empty()) return base::Error{message_};
    const size_t count = std::min({size, piece_, bytes_.size()});
    if (count > 0) std::memcpy(into, bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  base::ByteView bytes_;
  size_t piece_;
  std::string message_;
};

}  // namespace sluice::snapshot
