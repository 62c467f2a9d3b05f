// The listpack byte layout (as published: antirez/listpack, and what Redis 7 stores in RDB files): small
// integers and strings packed into one block that can be walked from either end.
//
//   | total bytes: u32 | elements: u16, 65535 = unknown | entry | entry | ... | 0xff |
//   entry = | encoding and data | back length: how long that was, 1..5 bytes, readable backwards |
//
// Three layers: free functions over the bytes of one entry, ListpackView (a cursor over a borrowed, valid
// block) and Listpack (an owned block). Text that is exactly how an int64 prints is stored as an integer, as
// Redis does. Bytes from outside go through validate() first; nothing else here checks them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/number.h"
#include "ds/marked_pointer.h"
#include "ds/size_class.h"

namespace sluice::ds {

// What one entry holds. A view: it dies with the next change of the block it came from.
struct Element {
  bool is_int = false;
  int64_t number = 0;   // when is_int
  base::ByteView text;  // when not

  // The element as text; integers are printed into `buffer`.
  [[nodiscard]] base::ByteView to_text(base::NumberText& buffer) const;
};

// Bytes an element may take beside those of its text; as many as a number takes.
inline constexpr size_t kMostElementOverhead = 10;

// A value to store or to look for, with the integer question answered once.
class Packable {
 public:
  explicit Packable(base::ByteView text);
  explicit Packable(int64_t number) : is_int_(true), number_(number) {}
  explicit Packable(const Element& element)
      : is_int_(element.is_int), number_(element.number), text_(element.text) {}

  [[nodiscard]] bool is_int() const { return is_int_; }
  [[nodiscard]] int64_t number() const { return number_; }
  // When not is_int(), or when made from text.
  [[nodiscard]] base::ByteView text() const { return text_; }
  [[nodiscard]] size_t text_bytes() const;  // as text, whatever it was made from
  // Bytes of the whole entry, back length included.
  [[nodiscard]] size_t encoded_bytes() const;
  // Writes the entry; returns the end. REQUIRES: encoded_bytes() of room.
  uint8_t* encode(uint8_t* at) const;
  [[nodiscard]] bool equals(const Element& element) const {
    return is_int_ == element.is_int && (is_int_ ? number_ == element.number : text_ == element.text);
  }

 private:
  bool is_int_ = false;
  int64_t number_ = 0;
  base::ByteView text_;
};

// Text compared with an element without printing it.
[[nodiscard]] bool equals(const Element& element, base::ByteView text);

// Reading one entry. REQUIRES: `entry` points at a valid entry.
[[nodiscard]] Element decode_entry(const uint8_t* entry);
[[nodiscard]] size_t entry_bytes(const uint8_t* entry);  // back length included
// The entry that ends where `end` points. REQUIRES: there is one.
[[nodiscard]] const uint8_t* entry_before(const uint8_t* end);

// A position is the entry's offset in the block; kNone where there is no such entry.
class ListpackView {
 public:
  static constexpr size_t kHeaderBytes = 6;
  static constexpr size_t kNone = SIZE_MAX;
  static constexpr uint8_t kEnd = 0xff;

  // REQUIRES: `block` is a valid listpack that outlives the view.
  explicit ListpackView(base::ByteView block) : data_(reinterpret_cast<const uint8_t*>(block.data())) {}

  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] size_t size() const;  // O(n) beyond 65534 elements
  [[nodiscard]] bool empty() const { return data_[kHeaderBytes] == kEnd; }

  [[nodiscard]] size_t first() const { return empty() ? kNone : kHeaderBytes; }
  [[nodiscard]] size_t last() const;
  [[nodiscard]] size_t next(size_t position) const;
  [[nodiscard]] size_t prev(size_t position) const;
  // Negative counts from the end (-1 is the last).
  [[nodiscard]] size_t at(int64_t index) const;
  [[nodiscard]] Element get(size_t position) const { return decode_entry(data_ + position); }

  // The first entry equal to `wanted` at or after `from`, looking at one entry and skipping `skip` (1 looks
  // at keys only when entries are key, value, key, ...).
  [[nodiscard]] size_t find(const Packable& wanted, size_t from, size_t skip) const;

 private:
  const uint8_t* data_;
};

// An owned listpack, in one word. Grows in the allocator's own steps, so there is no slack beyond the size
// class.
class Listpack {
 public:
  Listpack();
  // Copies `block`. REQUIRES: validate(block, true).
  static Listpack copy_of(base::ByteView block);
  Listpack(Listpack&& other) noexcept;
  Listpack& operator=(Listpack&& other) noexcept;
  Listpack(const Listpack&) = delete;
  Listpack& operator=(const Listpack&) = delete;
  ~Listpack();

  [[nodiscard]] base::ByteView block() const;
  [[nodiscard]] ListpackView view() const { return ListpackView(block()); }
  [[nodiscard]] size_t bytes() const { return view().bytes(); }
  [[nodiscard]] size_t size() const { return view().size(); }
  [[nodiscard]] size_t memory_bytes() const { return capacity(); }

  // Any change moves entries: positions and views from before are dead. A value must not be a view into this
  // block.
  void append(const Packable& value);
  class Appender;
  // Entries that stand one behind the other in another listpack, as they are. REQUIRES: `bytes` are exactly
  // `count` valid entries.
  void append_run(base::ByteView bytes, size_t count);
  // Before the entry at `position`, or at the end for kNone. Returns the position of the new entry.
  size_t insert(size_t position, const Packable& value);
  // Two entries at once (a field and its value). Returns the position of the first.
  size_t insert_pair(size_t position, const Packable& first, const Packable& second);
  size_t replace(size_t position, const Packable& value);
  // Removes `count` entries from `position` on (as many as there are). Returns the position of the entry
  // after them, or kNone.
  size_t erase(size_t position, size_t count);
  void clear();
  // Room for `bytes` in all, to fill a listpack of known size without growing step by step.
  void reserve(size_t bytes);
  // How many bytes may be added before it grows.
  [[nodiscard]] size_t room() const { return capacity() - bytes(); }
  // Gives back what was reserved and is not needed.
  void tighten();

 private:
  // Of a size class.
  explicit Listpack(uint8_t code);
  [[nodiscard]] uint8_t* data() const { return data_.get(); }
  [[nodiscard]] size_t capacity() const { return class_bytes(static_cast<uint8_t>(data_.mark())); }
  void resize(uint8_t code);
  // Replaces `old_bytes` at `position` by a gap of `new_bytes`, adjusting totals. Returns the gap.
  uint8_t* open_gap(size_t position, size_t old_bytes, size_t new_bytes);
  void add_to_count(int64_t change);

  MarkedPointer<uint8_t> data_;  // Marked with its size class; null once moved from.
};
// Appends several elements, for which there is room: each byte is written once. The listpack is whole again
// when this is gone.
class Listpack::Appender {
 public:
  // REQUIRES: pack.room() is at least what all of them take.
  explicit Appender(Listpack& pack) : pack_(pack), at_(pack.data() + pack.bytes() - 1) {}
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  ~Appender();
  void add(const Packable& value) {
    at_ = value.encode(at_);
    ++count_;
  }

 private:
  Listpack& pack_;
  uint8_t* at_;
  int64_t count_ = 0;
};

static_assert(sizeof(Listpack) == 8, "every small hash, set and sorted set has one");

// Is `block` a well-formed listpack? Reads nothing outside it, whatever it holds. Shallow: header and end
// only. Deep: every entry, and the element count.
[[nodiscard]] bool validate(base::ByteView block, bool deep);

}  // namespace sluice::ds
