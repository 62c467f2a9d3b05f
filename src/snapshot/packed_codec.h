// The packed layouts that Redis wrote before listpacks, read element by element: ziplists (lists, hashes and
// sorted sets up to Redis 6) and zipmaps (hashes up to 2.4). Nothing is written in them. Whatever the bytes
// hold, nothing outside them is read.
//
//   ziplist  | bytes: u32 | offset of the last entry: u32 | entries: u16, 65535 = unknown | entry | ... |
//   0xff | entry    | bytes of the entry before: 1, or 254 and 4 | encoding, length | data | zipmap   |
//   pairs: u8, 254 = unknown | length | field | length | unused: u8 | value | unused bytes | ... | 0xff |
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "ds/listpack.h"

namespace sluice::snapshot {

class ZiplistReader {
 public:
  explicit ZiplistReader(base::ByteView block);

  // The next element, a view into the block; nothing at the end, and when it is broken.
  std::optional<ds::Element> next();
  // Whether everything read was sound. After the end: whether all of it is.
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::optional<ds::Element> give_up();
  std::optional<ds::Element> integer(unsigned bytes);
  std::optional<ds::Element> number(uint8_t encoding);
  std::optional<ds::Element> text(uint8_t encoding);

  base::ByteView block_;
  size_t at_;
  size_t entry_bytes_ = 0;  // of the entry read last
  size_t entry_at_ = 0;
  size_t count_ = 0;
  bool ok_ = true;
};

class ZipmapReader {
 public:
  explicit ZipmapReader(base::ByteView block);

  std::optional<std::pair<base::ByteView, base::ByteView>> next();
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::optional<size_t> length();

  base::ByteView block_;
  size_t at_ = 1;
  size_t count_ = 0;
  bool ok_ = true;
};

// A ziplist as a canonical listpack; nothing when it is broken.
[[nodiscard]] std::optional<ds::Listpack> listpack_of_ziplist(base::ByteView block);

}  // namespace sluice::snapshot
