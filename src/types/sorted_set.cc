#include "types/sorted_set.h"

#include <cmath>

#include "base/check.h"
#include "base/number.h"
#include "ds/listpack_check.h"
#include "ds/size_class.h"

namespace sluice::types {

using ds::ListpackView;
using ds::Packable;
using ds::RankItem;

namespace {

constexpr double kInt64Bound = 9223372036854775808.0;  // 2^63

size_t item_bytes(base::ByteView member) {
  return ds::size_class(RankItem::allocation_bytes(member.size()));
}

// Three-way, as memcmp orders bytes.
int compare(const ds::Element& element, base::ByteView member) {
  base::NumberText buffer;
  return element.to_text(buffer).compare(member);
}

// Whole scores are stored as integers (a packed -0 becomes 0, as in Redis), others as their shortest text.
void append_score(ds::Listpack& packed, size_t position, base::ByteView member, double score) {
  if (score > -kInt64Bound && score < kInt64Bound && score == std::trunc(score)) {
    packed.insert_pair(position, Packable(member), Packable(static_cast<int64_t>(score)));
    return;
  }
  const base::NumberText text = base::format_double(score);
  packed.insert_pair(position, Packable(member), Packable(text.view()));
}

}  // namespace

RankRange RankRange::limited(size_t offset, size_t limit, bool reverse) const {
  if (offset >= count) return {first, 0};
  const size_t kept = std::min(limit, count - offset);
  return {reverse ? first + count - offset - kept : first + offset, kept};
}

SortedSet& SortedSet::operator=(SortedSet&& other) noexcept {
  if (this == &other) return *this;
  const SortedSet old(std::move(*this));  // a table's members go with it
  form_ = std::move(other.form_);
  return *this;
}

SortedSet::~SortedSet() {
  while (table() != nullptr && release_slice(SIZE_MAX)) {
  }
}

size_t SortedSet::size() const {
  const Table* table = this->table();
  return table == nullptr ? pack().size() / 2 : table->tree.size();
}

size_t SortedSet::memory_bytes() const {
  const Table* table = this->table();
  if (table == nullptr) return pack().memory_bytes();
  return sizeof(Table) + table->tree.memory_bytes() + table->dict.memory_bytes() + table->item_bytes;
}

double SortedSet::packed_score(const ds::Element& element) {
  if (element.is_int) return static_cast<double>(element.number);
  const auto score = base::parse_double(element.text);
  SLUICE_CHECK(score.has_value(), "a packed score that is no number");
  return *score;
}

size_t SortedSet::find_packed(base::ByteView member) const {
  const ListpackView view = pack().view();
  const size_t first = view.first();
  return first == ListpackView::kNone ? first : view.find(Packable(member), first, 1);
}

std::optional<size_t> SortedSet::rank(base::ByteView member) const {
  if (const Table* table = this->table(); table != nullptr) {
    const auto item = table->dict.find(member);
    if (!item) return std::nullopt;
    return table->tree.rank_of(**item);
  }
  const ListpackView view = pack().view();
  const Packable wanted(member);
  size_t rank = 0;
  for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(view.next(at)), ++rank) {
    if (wanted.equals(view.get(at))) return rank;
  }
  return std::nullopt;
}

// --- changing
// --------------------------------------------------------------------------------------------------

SortedSet::Place SortedSet::find(base::ByteView member) const {
  Place place;
  if (const Table* table = this->table(); table != nullptr) {
    place.hash = table->dict.hash(member);
    const auto item = table->dict.find(member, place.hash);
    if (item) {
      place.item = *item;
      place.score = place.item->score();
    }
    return place;
  }
  place.position = find_packed(member);
  if (place.position != ListpackView::kNone) {
    place.score = packed_score(pack().view().get(pack().view().next(place.position)));
  }
  return place;
}

void SortedSet::expect(size_t members) {
  if (table() == nullptr && members > form_.context().sorted_set.max_listpack_entries) convert();
}

bool SortedSet::adopt(ds::Listpack pack) {
  const size_t elements = pack.size();
  if (elements % 2 != 0 || !ds::are_distinct(pack.view(), 2)) return false;
  const ListpackView view = pack.view();
  bool in_order = true;
  std::optional<std::pair<double, ds::Element>> before;
  for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(view.next(at))) {
    const ds::Element score = view.get(view.next(at));
    if (!score.is_int && !base::parse_double(score.text)) return false;
    const std::pair<double, ds::Element> here{packed_score(score), view.get(at)};
    if (before && before->first >= here.first) {
      base::NumberText buffer;
      const bool behind =
          before->first > here.first || compare(before->second, here.second.to_text(buffer)) > 0;
      if (behind) in_order = false;
    }
    before = here;
  }
  if (in_order && elements / 2 <= form_.context().sorted_set.max_listpack_entries) {
    form_.become<kPacked>(std::move(pack));
    return true;
  }
  expect(elements / 2);
  for (size_t at = view.first(); at != ListpackView::kNone; at = view.next(view.next(at))) {
    base::NumberText buffer;
    add(view.get(at).to_text(buffer), packed_score(view.get(view.next(at))));
  }
  return true;
}

AddResult SortedSet::add(base::ByteView member, double score, const AddRule& rule) {
  using Outcome = AddResult::Outcome;
  if (std::isnan(score)) return {Outcome::kNaN, 0};
  const Place place = find(member);
  if (!place.score) {
    if (rule.only_existing) return {Outcome::kRefused, 0};
    insert(member, score, place);
    return {Outcome::kAdded, score};
  }
  const double current = *place.score;
  if (rule.only_new) return {Outcome::kRefused, current};
  if (rule.increment) score += current;
  if (std::isnan(score)) return {Outcome::kNaN, current};
  if ((rule.only_less && score >= current) || (rule.only_greater && score <= current)) {
    return {Outcome::kRefused, current};
  }
  if (score == current) return {Outcome::kUnchanged, score};
  if (Table* table = this->table(); table != nullptr) {
    table->tree.update_score(*place.item, score);
  } else {
    pack().erase(place.position, 2);
    insert_packed(member, score);
  }
  return {Outcome::kUpdated, score};
}

// `place` is where find() did not find the member.
void SortedSet::insert(base::ByteView member, double score, const Place& place) {
  const SortedSetLimits& limits = form_.context().sorted_set;
  if (table() != nullptr) {
    insert_in_table(member, score, place.hash);
  } else if (size() >= limits.max_listpack_entries || member.size() > limits.max_listpack_value_bytes) {
    convert();
    insert_in_table(member, score, table()->dict.hash(member));
  } else {
    insert_packed(member, score);
  }
}

void SortedSet::insert_packed(base::ByteView member, double score) {
  const ListpackView view = pack().view();
  size_t at = view.first();
  // New scores are mostly the highest: a look at the last one saves the walk.
  if (at != ListpackView::kNone && packed_score(view.get(view.last())) < score) at = ListpackView::kNone;
  while (at != ListpackView::kNone) {
    const size_t score_at = view.next(at);
    const double there = packed_score(view.get(score_at));
    if (there > score || (there == score && compare(view.get(at), member) > 0)) break;
    at = view.next(score_at);
  }
  append_score(pack(), at, member, score);
}

void SortedSet::insert_in_table(base::ByteView member, double score, uint64_t hash) {
  Table& table = *this->table();
  RankItem* item = RankItem::create(score, member);
  table.item_bytes += item_bytes(member);
  table.tree.insert(item);
  table.dict.insert(item, hash);
}

bool SortedSet::remove(base::ByteView member) {
  Table* const table = this->table();
  if (table == nullptr) {
    const size_t at = find_packed(member);
    if (at == ListpackView::kNone) return false;
    pack().erase(at, 2);
    return true;
  }
  const auto item = table->dict.erase(member);
  if (!item) return false;
  table->tree.erase(**item);
  table->item_bytes -= item_bytes(member);
  RankItem::destroy(*item);
  return true;
}

size_t SortedSet::remove_range(RankRange range) {
  if (range.count == 0) return 0;
  Table* const table = this->table();
  if (table == nullptr) {
    pack().erase(pack().view().at(static_cast<int64_t>(range.first * 2)), range.count * 2);
    return range.count;
  }
  ds::RankTree::CutItems items;
  for (size_t left = range.count; left > 0;) {
    const size_t count = table->tree.cut(range.first, left, items);
    for (size_t i = 0; i < count; ++i) {
      table->item_bytes -= item_bytes(items[i]->member());
      table->dict.erase(items[i]->member());
      RankItem::destroy(items[i]);
    }
    left -= count;
  }
  return range.count;
}

void SortedSet::convert() {
  auto table = std::make_unique<Table>(form_.context());
  for_each([&](const ds::Element& member, double score) {
    base::NumberText buffer;
    const base::ByteView bytes = member.to_text(buffer);
    RankItem* item = RankItem::create(score, bytes);
    table->item_bytes += item_bytes(bytes);
    table->tree.insert(item);
    table->dict.insert(item);
  });
  form_.become<kTable>(std::move(table));
}

SortedSet SortedSet::clone() const {
  SortedSet copy(form_.context());
  const Table* const table = this->table();
  if (table == nullptr) {
    copy.form_.become<kPacked>(ds::Listpack::copy_of(pack().block()));
    return copy;
  }
  auto copied = std::make_unique<Table>(form_.context());
  table->dict.for_each([&](const RankItem* item) {
    RankItem* next = RankItem::create(item->score(), item->member());
    copied->tree.insert(next);
    copied->dict.insert(next);
  });
  copied->item_bytes = table->item_bytes;
  copy.form_.become<kTable>(std::move(copied));
  return copy;
}

// The tree goes first, leaving the items to the dict: neither looks at an item that is freed already.
bool SortedSet::release_slice(size_t max) {
  Table* const table = this->table();
  if (table == nullptr) {
    pack().clear();
    return false;
  }
  ds::RankTree::CutItems items;
  while (max > 0 && !table->tree.empty()) max -= table->tree.cut(0, max, items);
  table->dict.take_slice(max, [&](RankItem* item) {
    table->item_bytes -= item_bytes(item->member());
    RankItem::destroy(item);
  });
  return !table->dict.empty();
}

// --- bounds as ranks
// -------------------------------------------------------------------------------------------

// How many members come before the first for which below(member, score) does not hold.
template <class Below>
size_t SortedSet::count_packed(Below below) const {
  const ListpackView view = pack().view();
  size_t count = 0;
  for (size_t at = view.first(); at != ListpackView::kNone; ++count) {
    const size_t score_at = view.next(at);
    if (!below(view.get(at), view.get(score_at))) break;
    at = view.next(score_at);
  }
  return count;
}

size_t SortedSet::count_below(double score, bool or_equal) const {
  if (const Table* table = this->table(); table != nullptr)
    return table->tree.count_below_score(score, or_equal);
  return count_packed([&](const ds::Element&, const ds::Element& packed) {
    const double there = packed_score(packed);
    return there < score || (or_equal && there == score);
  });
}

size_t SortedSet::count_below(const LexBound& bound, bool is_min) const {
  if (bound.kind == LexBound::Kind::kLowest) return 0;
  if (bound.kind == LexBound::Kind::kHighest) return size();
  // Below an inclusive minimum nothing equal to it counts; below an exclusive maximum neither.
  const bool or_equal = (bound.kind == LexBound::Kind::kExclusive) == is_min;
  if (const Table* table = this->table(); table != nullptr)
    return table->tree.count_below_member(bound.member, or_equal);
  return count_packed([&](const ds::Element& member, const ds::Element&) {
    const int order = compare(member, bound.member);
    return order < 0 || (or_equal && order == 0);
  });
}

RankRange SortedSet::range_by_score(const ScoreRange& range) const {
  const size_t first = count_below(range.min, range.min_exclusive);
  const size_t end = count_below(range.max, !range.max_exclusive);
  return {first, end > first ? end - first : 0};
}

RankRange SortedSet::range_by_lex(const LexRange& range) const {
  const size_t first = count_below(range.min, true);
  const size_t end = count_below(range.max, false);
  return {first, end > first ? end - first : 0};
}

}  // namespace sluice::types
