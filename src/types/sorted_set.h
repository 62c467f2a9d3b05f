// The sorted set value: different members, each with a score, ordered by score and then by bytes. Packed as
// one listpack (member, score, member, score, in order) while small; past the limits a RankTree (by rank) and
// a Dict (by member) that share one allocation per member. The way there is one-way. Knows no key, no clock
// and no wire.
//
// Every range, by score or by name, is a RankRange: two bounds are looked up once, and reading, counting,
// limiting and removing all take ranks. Elements handed out are views: they die with the next change.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>

#include "base/bytes.h"
#include "base/random.h"
#include "ds/dict.h"
#include "ds/listpack.h"
#include "ds/rank_tree.h"
#include "types/form.h"
#include "types/sampling.h"
#include "types/value_context.h"

namespace sluice::types {

// Members from rank `first` on, counted from the lowest score; empty when count is 0.
struct RankRange {
  size_t first = 0;
  size_t count = 0;

  // LIMIT: skips `offset` members and keeps at most `limit`, from the high end when `reverse`.
  [[nodiscard]] RankRange limited(size_t offset, size_t limit, bool reverse) const;
};

// A bound among scores, and a range: NaN never gets here.
struct ScoreRange {
  double min = 0;
  double max = 0;
  bool min_exclusive = false;
  bool max_exclusive = false;
};

// A bound among names, for sets whose scores are all equal: `-`, `+`, `[member` or `(member`.
struct LexBound {
  enum class Kind { kLowest, kHighest, kInclusive, kExclusive };
  Kind kind = Kind::kLowest;
  base::ByteView member;
};

struct LexRange {
  LexBound min{LexBound::Kind::kLowest, {}};
  LexBound max{LexBound::Kind::kHighest, {}};
};

// What ZADD may be told.
struct AddRule {
  bool only_new = false;       // NX
  bool only_existing = false;  // XX
  bool only_greater = false;   // GT: an existing score only grows
  bool only_less = false;      // LT
  bool increment = false;      // INCR: the score is added to the existing one
};

struct AddResult {
  enum class Outcome {
    kAdded,
    kUpdated,
    kUnchanged,  // it had this score already
    kRefused,    // a rule forbade it; nothing changed
    kNaN,        // a score that is no number, or became none by adding; nothing changed
  };
  Outcome outcome = Outcome::kRefused;
  double score = 0;  // What the member has now; 0 if there is none.
};

class SortedSet {
 public:
  explicit SortedSet(const ValueContext& context) : form_(context) {}
  SortedSet(SortedSet&&) noexcept = default;
  SortedSet& operator=(SortedSet&& other) noexcept;
  ~SortedSet();

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] size_t size() const;
  [[nodiscard]] size_t memory_bytes() const;  // Everything behind this object.
  [[nodiscard]] const char* encoding() const { return table() == nullptr ? "listpack" : "skiplist"; }

  // For loading: says how many members will be added, so that many go to tree and table at once.
  void expect(size_t members);
  // Takes over a listpack of members and scores, in order or not, as a tree if they are too many for one.
  // False, and nothing taken, when they are no pairs, a score is no number or a member comes twice. REQUIRES:
  // empty(); the listpack is canonical.
  bool adopt(ds::Listpack pack);
  AddResult add(base::ByteView member, double score, const AddRule& rule = {});
  bool remove(base::ByteView member);
  [[nodiscard]] std::optional<double> score(base::ByteView member) const { return find(member).score; }
  // Counted from the lowest score; a reverse rank is size() - 1 - rank.
  [[nodiscard]] std::optional<size_t> rank(base::ByteView member) const;

  [[nodiscard]] RankRange range_by_score(const ScoreRange& range) const;
  [[nodiscard]] RankRange range_by_lex(const LexRange& range) const;

  // visit(const ds::Element& member, double score), from the low end or, with `reverse`, from the high one;
  // must not change the set. REQUIRES: the range lies within size().
  template <class Visit>
  void for_each(RankRange range, bool reverse, Visit&& visit) const;
  // The same, but the order is the container's own.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each({0, size()}, false, visit);
  }
  // Removes what for_each(range) would show: a pop shows it first. Returns how many.
  size_t remove_range(RankRange range);

  // One page of ZSCAN: begin with cursor 0; 0 comes back at the end. A packed set comes as one page.
  template <class Visit>
  [[nodiscard]] uint64_t scan(uint64_t cursor, size_t count, Visit&& visit) const;
  // visit(member, score) on `count` different members. REQUIRES: count <= size().
  template <class Visit>
  void sample(size_t count, base::Random& random, Visit&& visit) const;

  // A tree and table from now on, as Redis makes of whatever it sorts.
  void leave_packed() {
    if (table() == nullptr) convert();
  }
  // The listpack of a packed set, null once it is a tree and table; what an encoder copies.
  [[nodiscard]] const ds::Listpack* packed() const { return form_.get_if<kPacked>(); }
  // For a snapshot, which walks the leaves of the tree, and is told of their changes; null while packed.
  // Stays where it is when the set is moved.
  [[nodiscard]] const ds::RankTree* tree() const { return table() == nullptr ? nullptr : &table()->tree; }

  // Every member with its score, in the same encoding (COPY).
  [[nodiscard]] SortedSet clone() const;
  // Frees up to `max` members of a set that is no longer used otherwise; true while there are more.
  bool release_slice(size_t max);

 private:
  enum : size_t { kPacked, kTable };
  struct ItemTraits {
    static base::ByteView key(const ds::RankItem* item) { return item->member(); }
  };
  struct Table {
    explicit Table(const ValueContext& context) : tree(context.epoch), dict(context.seed, context.epoch) {}
    ds::RankTree tree;
    ds::Dict<ds::RankItem*, ItemTraits> dict;
    size_t item_bytes = 0;
  };

  // Where a member is, in whichever form the set has; no score when it is not there.
  struct Place {
    std::optional<double> score;
    size_t position = ds::ListpackView::kNone;
    ds::RankItem* item = nullptr;
    uint64_t hash = 0;  // Of the member, in a table only.
  };

  // Null while packed.
  [[nodiscard]] Table* table() const {
    const auto* table = form_.get_if<kTable>();
    return table == nullptr ? nullptr : table->get();
  }
  [[nodiscard]] const ds::Listpack& pack() const { return form_.get<kPacked>(); }
  [[nodiscard]] ds::Listpack& pack() { return form_.get<kPacked>(); }
  static ds::Element text(const ds::RankItem& item) { return {false, 0, item.member()}; }
  static double packed_score(const ds::Element& element);
  [[nodiscard]] Place find(base::ByteView member) const;
  void insert(base::ByteView member, double score, const Place& place);
  [[nodiscard]] size_t find_packed(base::ByteView member) const;
  void insert_packed(base::ByteView member, double score);
  void insert_in_table(base::ByteView member, double score, uint64_t hash);
  void convert();
  template <class Below>
  [[nodiscard]] size_t count_packed(Below below) const;
  [[nodiscard]] size_t count_below(double score, bool or_equal) const;
  [[nodiscard]] size_t count_below(const LexBound& bound, bool is_min) const;

  FormOf<ds::Listpack, std::unique_ptr<Table>> form_;
};
static_assert(sizeof(SortedSet) == 16, "a small sorted set is held in the entry of its key");

template <class Visit>
void SortedSet::for_each(RankRange range, bool reverse, Visit&& visit) const {
  if (range.count == 0) return;
  const size_t start = reverse ? range.first + range.count - 1 : range.first;
  if (const Table* table = this->table(); table != nullptr) {
    ds::RankTree::Cursor cursor = table->tree.at(start);
    for (size_t left = range.count; left > 0; --left) {
      visit(text(cursor.item()), cursor.item().score());
      if (reverse) {
        cursor.prev();
      } else {
        cursor.next();
      }
    }
    return;
  }
  const ds::ListpackView view = pack().view();
  size_t at = view.at(static_cast<int64_t>(start * 2));
  for (size_t left = range.count; left > 0; --left) {
    const size_t score_at = view.next(at);
    visit(view.get(at), packed_score(view.get(score_at)));
    if (left == 1) break;
    at = reverse ? view.prev(view.prev(at)) : view.next(score_at);
  }
}

template <class Visit>
uint64_t SortedSet::scan(uint64_t cursor, size_t count, Visit&& visit) const {
  const Table* table = this->table();
  if (table == nullptr) {
    for_each(visit);
    return 0;
  }
  return table->dict.scan(cursor, count,
                          [&](const ds::RankItem* item) { visit(text(*item), item->score()); });
}

template <class Visit>
void SortedSet::sample(size_t count, base::Random& random, Visit&& visit) const {
  if (count < size() / kSparseSampleShare) {
    std::unordered_set<size_t> seen;
    while (seen.size() < count) {
      const size_t rank = random.below(size());
      if (seen.insert(rank).second) for_each({rank, 1}, false, visit);
    }
    return;
  }
  SelectionSampler sampler(size(), count);
  for_each([&](const ds::Element& member, double score) {
    if (sampler.take(random)) visit(member, score);
  });
}

}  // namespace sluice::types
