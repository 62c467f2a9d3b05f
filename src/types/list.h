// List: the value behind a list key. What Redis promises of one (order, indexes from either end, LREM and
// LPOS directions) over ds::NodeList, and the encoding Redis 7.2 would report, changed by the same events as
// its own: listpack until the values to be added would exceed list-max-listpack-size, then quicklist, and
// back once a removal leaves a single node of at most half the limit (redis/redis:src/t_list.c,
// listTypeTryConversion). The encoding is a fact for clients only; the structure is the same. No keys, no
// clock, no replies here.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "ds/node_list.h"
#include "types/value_context.h"

namespace sluice::types {

class List {
 public:
  using End = ds::End;
  using Element = ds::Element;
  using Cursor = ds::NodeList::Cursor;

  explicit List(const ValueContext& context) : nodes_(context.list) {}

  [[nodiscard]] uint64_t size() const { return nodes_.size(); }
  [[nodiscard]] bool empty() const { return nodes_.empty(); }
  [[nodiscard]] const char* encoding() const { return is_quicklist() ? "quicklist" : "listpack"; }
  [[nodiscard]] size_t memory_bytes() const { return nodes_.memory_bytes(); }

  // Values handed in must not be views into this list: every change may move its bytes.
  void push(End end, base::ByteView value);
  void push_front(base::ByteView value) { push(End::kFront, value); }
  void push_back(base::ByteView value) { push(End::kBack, value); }
  // All values of one command, in their order: the encoding is decided once, by all of them.
  template <class Values>
  void push_all(End end, const Values& values) {
    uint64_t count = 0;
    size_t bytes = 0;
    for (const base::ByteView value : values) {
      ++count;
      bytes += value.size();
    }
    grow_encoding(count, bytes);
    for (const base::ByteView value : values) nodes_.push(end, ds::Packable(value));
  }
  // A big value gives its buffer away instead of being copied; adopts() tells of which ones that is true.
  void push_owned(End end, base::Bytes value);
  [[nodiscard]] bool adopts(base::ByteView value) const { return nodes_.adopts(value); }

  // For loading, with settle_encoding() at the end: a listpack as ds::NodeList::adopt_listpack takes it.
  void adopt_listpack(base::ByteView listpack, uint64_t elements) {
    nodes_.adopt_listpack(listpack, elements);
  }
  // REQUIRES: !empty(). The view dies with the next change.
  [[nodiscard]] Element peek(End end) const { return nodes_.peek(end); }
  [[nodiscard]] Element front() const { return peek(End::kFront); }
  [[nodiscard]] Element back() const { return peek(End::kBack); }
  void pop(End end);
  void pop_front() { pop(End::kFront); }
  void pop_back() { pop(End::kBack); }

  // Negative indexes count from the end, -1 is the last.
  [[nodiscard]] std::optional<Element> get(int64_t index) const;
  // False when there is no such index.
  bool set(int64_t index, base::ByteView value);
  // Before (kFront) or after (kBack) the first element equal to `pivot`. False when there is none.
  bool insert(End side, base::ByteView pivot, base::ByteView value);
  // LREM: removes up to `count` equal elements from the front, -count from the back, all for 0. Returns how
  // many.
  uint64_t remove(int64_t count, base::ByteView value);

  // Elements `first`..`last`, both included, negative ones from the end, cut to what there is.
  struct Range {
    uint64_t first = 0;
    uint64_t count = 0;
  };
  [[nodiscard]] Range range(int64_t first, int64_t last) const;
  // Walks from an element; invalid when index >= size().
  [[nodiscard]] Cursor cursor_at(uint64_t index) const { return nodes_.cursor_at(index); }
  // Keeps only that range. What was dropped comes back, to be freed in slices when it is much.
  struct Trimmed;
  Trimmed trim(int64_t first, int64_t last);

  // LPOS. Positions count from the front, whatever the direction.
  struct PositionQuery {
    int64_t rank = 1;           // the rank-th match first; negative searches from the back. Never 0
    uint64_t count = 1;         // how many positions; 0 is all
    uint64_t max_compares = 0;  // elements looked at; 0 is all
  };
  [[nodiscard]] std::vector<uint64_t> positions(base::ByteView value, const PositionQuery& query) const;

  // A copy of every node, with the same encoding (COPY).
  [[nodiscard]] List clone() const;
  // The encoding a list of this content has when it is built anew: for whoever loaded it.
  void settle_encoding();
  // Frees up to max_nodes nodes. Returns whether nothing is left.
  bool release_slice(size_t max_nodes) { return nodes_.release_slice(max_nodes); }
  // For encoders and DEBUG.
  [[nodiscard]] const ds::NodeList& nodes() const { return nodes_; }

 private:
  List(ds::NodeList nodes, bool quicklist) : nodes_(std::move(nodes)) { nodes_.set_owner_bit(quicklist); }

  // The name of its encoding is the bit that the nodes keep for us.
  [[nodiscard]] bool is_quicklist() const { return nodes_.owner_bit(); }
  [[nodiscard]] std::optional<uint64_t> resolve(int64_t index) const;
  [[nodiscard]] size_t listpack_bytes() const {
    return nodes_.entry_bytes() + ds::ListpackView::kHeaderBytes + 1;
  }
  [[nodiscard]] bool is_single_listpack() const {
    return nodes_.node_count() == 1 && !nodes_.is_large_node(0);
  }
  void grow_encoding(uint64_t added_values, size_t added_bytes);
  void shrink_encoding();

  ds::NodeList nodes_;
};
static_assert(sizeof(List) == 16, "a short list is held in the entry of its key");

struct List::Trimmed {
  List front;
  List back;
};

}  // namespace sluice::types
