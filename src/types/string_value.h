// StringValue: the value behind a string key, in 16 bytes: an integer, up to 15 bytes of text, or one
// allocation. A long buffer that was read for this value is adopted, not copied. It carries the encoding
// Redis would report: int when SET text is exactly how an int64 prints, embstr up to 44 bytes, raw beyond;
// what APPEND, SETRANGE and their kin touched is raw whatever its length. Length limits for clients are the
// caller's matter; no keys here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "base/number.h"

namespace sluice::types {

class StringValue {
 public:
  static constexpr size_t kMaxBytes = UINT32_MAX;  // REQUIRED of every text here; proto-max-bulk-len is lower
  static constexpr size_t kEmbeddedBytes = 44;     // Redis's embstr
  static constexpr size_t kAdoptBytes =
      size_t{16} * 1024;  // from here on a buffer is worth a second allocation

  StringValue() : StringValue(int64_t{0}) {}
  explicit StringValue(int64_t number);
  // As SET stores it: an integer where the text is one.
  static StringValue from_text(base::ByteView text);
  // As text even if it reads as an integer (INCRBYFLOAT).
  static StringValue from_plain_text(base::ByteView text);
  // As from_text, taking over the buffer of a long one.
  static StringValue adopt(base::Bytes text);

  StringValue(StringValue&& other) noexcept;
  StringValue& operator=(StringValue&& other) noexcept;
  StringValue(const StringValue&) = delete;
  StringValue& operator=(const StringValue&) = delete;
  ~StringValue();
  [[nodiscard]] StringValue clone() const;

  // The text; an integer is printed into `buffer`. Dies with the next change, with the value, and with the
  // buffer.
  [[nodiscard]] base::ByteView view(base::NumberText& buffer) const;
  [[nodiscard]] size_t size() const;
  // The value as a number: stored as one, or text that is exactly one.
  [[nodiscard]] std::optional<int64_t> integer() const;
  [[nodiscard]] const char* encoding() const;  // "int", "embstr" or "raw"
  // Memory beyond this object.
  [[nodiscard]] size_t memory_bytes() const;

  // Returns the new size. `suffix` must not be a view into this value. REQUIRES: size() + suffix.size() <=
  // kMaxBytes.
  size_t append(base::ByteView suffix);
  // The bytes, for changing them in place: raw from now on, extended with zeros to `min_size`. size() of
  // them.
  char* edit(size_t min_size);
  // Overwrites from `offset` on, extending with zeros. Returns the new size. REQUIRES: the end is <=
  // kMaxBytes.
  size_t set_range(size_t offset, base::ByteView part);

 private:
  enum class Kind : uint8_t { kInteger, kInline, kHeap, kAdopted };
  static constexpr size_t kInlineBytes = 15;
  struct Heap {
    char* data;
    uint32_t size;
    uint8_t code;  // size class of the block
  };

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(tag_ & 3); }
  [[nodiscard]] bool edited() const { return (tag_ & kEdited) != 0; }
  [[nodiscard]] size_t inline_size() const { return tag_ >> 4; }
  template <class T>
  [[nodiscard]] T load() const {
    T value;
    std::memcpy(&value, bytes_, sizeof value < kInlineBytes ? sizeof value : kInlineBytes);
    return value;
  }
  [[nodiscard]] Heap heap() const;
  void set_heap(const Heap& heap);
  void set_inline_size(size_t size) { tag_ = static_cast<uint8_t>((tag_ & 15) | (size << 4)); }
  void assign_text(base::ByteView text);
  void release();
  // Makes the value editable text with room for `capacity` bytes in all; its size stays.
  void make_room(size_t capacity);
  void resize(size_t size);  // within the room; new bytes are not set
  char* data();

  static constexpr uint8_t kEdited = 4;
  alignas(8) unsigned char bytes_[kInlineBytes];
  uint8_t tag_;  // kind, whether edited, inline size in the upper half
};
static_assert(sizeof(StringValue) == 16);

}  // namespace sluice::types
