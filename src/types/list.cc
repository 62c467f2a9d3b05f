#include "types/list.h"

#include <algorithm>

namespace sluice::types {

using ds::Packable;

void List::grow_encoding(uint64_t added_values, size_t added_bytes) {
  if (is_quicklist()) return;
  if (nodes_.limits().exceeded_by(listpack_bytes() + added_bytes, nodes_.size() + added_values)) {
    nodes_.set_owner_bit(true);
  }
}

void List::shrink_encoding() {
  if (!is_quicklist() || !is_single_listpack()) return;
  // Half the limit, so that a list at the edge does not change its name with every push and pop.
  const ds::ListLimits& limits = nodes_.limits();
  const bool by_entries = limits.max_listpack_size >= 0;
  nodes_.set_owner_bit(by_entries ? nodes_.size() > limits.node_entries() / 2
                                  : listpack_bytes() > limits.node_bytes() / 2);
}

void List::settle_encoding() {
  nodes_.set_owner_bit(
      !empty() && (!is_single_listpack() || nodes_.limits().exceeded_by(listpack_bytes(), nodes_.size())));
}

void List::push(End end, base::ByteView value) {
  grow_encoding(1, value.size());
  nodes_.push(end, Packable(value));
}

void List::push_owned(End end, base::Bytes value) {
  grow_encoding(1, value.size());
  nodes_.push_owned(end, std::move(value));
}

void List::pop(End end) {
  nodes_.pop(end);
  shrink_encoding();
}

std::optional<uint64_t> List::resolve(int64_t index) const {
  const auto size = static_cast<int64_t>(nodes_.size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  return static_cast<uint64_t>(index);
}

std::optional<ds::Element> List::get(int64_t index) const {
  const auto place = resolve(index);
  if (!place) return std::nullopt;
  return nodes_.at(*place);
}

bool List::set(int64_t index, base::ByteView value) {
  // Redis decides the encoding before it looks whether the index exists.
  grow_encoding(1, value.size());
  const auto place = resolve(index);
  if (!place) return false;
  nodes_.replace(nodes_.cursor_at(*place), Packable(value));
  shrink_encoding();
  return true;
}

bool List::insert(End side, base::ByteView pivot, base::ByteView value) {
  grow_encoding(1, value.size());
  const Packable wanted(pivot);
  for (Cursor at = nodes_.cursor_at(0); at.valid(); at.next()) {
    if (!wanted.equals(at.get())) continue;
    if (side == End::kFront) {
      nodes_.insert_before(at, Packable(value));
    } else {
      nodes_.insert_after(at, Packable(value));
    }
    return true;
  }
  return false;
}

uint64_t List::remove(int64_t count, base::ByteView value) {
  if (empty()) return 0;
  const Packable wanted(value);
  const End onward = count < 0 ? End::kFront : End::kBack;
  // Negating in unsigned arithmetic also holds for the smallest number.
  const uint64_t most = count == 0  ? UINT64_MAX
                        : count < 0 ? 0 - static_cast<uint64_t>(count)
                                    : static_cast<uint64_t>(count);
  uint64_t removed = 0;
  Cursor at = nodes_.cursor_at(count < 0 ? nodes_.size() - 1 : 0);
  while (at.valid() && removed < most) {
    if (wanted.equals(at.get())) {
      at = nodes_.erase(at, onward);
      ++removed;
    } else if (onward == End::kBack) {
      at.next();
    } else {
      at.prev();
    }
  }
  if (removed > 0) shrink_encoding();
  return removed;
}

List::Range List::range(int64_t first, int64_t last) const {
  const auto size = static_cast<int64_t>(nodes_.size());
  if (first < 0) first = std::max<int64_t>(first + size, 0);
  if (last < 0) last += size;
  last = std::min(last, size - 1);
  if (first > last || first >= size) return {};
  return {static_cast<uint64_t>(first), static_cast<uint64_t>(last - first + 1)};
}

List::Trimmed List::trim(int64_t first, int64_t last) {
  const Range kept = range(first, last);
  // The back first: cutting the front moves every index.
  ds::NodeList back = nodes_.cut(kept.first + kept.count, UINT64_MAX);
  ds::NodeList front = nodes_.cut(0, kept.count == 0 ? UINT64_MAX : kept.first);
  shrink_encoding();
  return {List(std::move(front), is_quicklist()), List(std::move(back), is_quicklist())};
}

std::vector<uint64_t> List::positions(base::ByteView value, const PositionQuery& query) const {
  std::vector<uint64_t> found;
  if (empty()) return found;
  const Packable wanted(value);
  const bool backward = query.rank < 0;
  uint64_t to_skip =
      (backward ? 0 - static_cast<uint64_t>(query.rank) : static_cast<uint64_t>(query.rank)) - 1;
  uint64_t looked = 0;
  Cursor at = nodes_.cursor_at(backward ? nodes_.size() - 1 : 0);
  while (at.valid() && (query.max_compares == 0 || looked < query.max_compares)) {
    if (wanted.equals(at.get())) {
      if (to_skip > 0) {
        --to_skip;
      } else {
        found.push_back(backward ? nodes_.size() - 1 - looked : looked);
        if (query.count != 0 && found.size() == query.count) break;
      }
    }
    ++looked;
    if (backward) {
      at.prev();
    } else {
      at.next();
    }
  }
  return found;
}

List List::clone() const {
  return List(nodes_.clone(), is_quicklist());
}

}  // namespace sluice::types
