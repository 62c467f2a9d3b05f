#include "snapshot/frozen.h"

#include <utility>
#include <variant>

#include "base/check.h"
#include "snapshot/deadline_codec.h"
#include "snapshot/frozen_stream.h"
#include "snapshot/value_codec.h"

namespace sluice::snapshot {

namespace {

using keyspace::Value;
using types::Hash;
using types::List;
using types::Set;
using types::SortedSet;
using types::Stream;
using types::StringValue;

// Tables with at most so many items are encoded at once.
constexpr size_t kSmallTableItems = 256;

// --- lists

class FrozenNodes final : public Frozen {
 public:
  FrozenNodes(const EntryHeads::Entry& entry, uint32_t epoch, const List& list)
      : Frozen(entry, epoch), container_(list.nodes().identity()) {
    nodes_ = list.nodes().node_refs();
  }

  [[nodiscard]] const void* container() const override { return container_; }
  void before_change(ds::NodeHeader& node) override { ds::pin(node); }

  Piece next(base::Bytes& out) override {
    Encoder encoder(out, false);
    if (at_ == 0) encode_list_head(nodes_.size(), encoder);
    const auto& ref = nodes_[at_];
    claim(*ref.node);
    ++at_;
    return {{ref.node, NodeKind::kListNode}, ref.entries, ref.bytes, at_ == nodes_.size()};
  }

  bool give_up(size_t max, std::vector<PinnedNode>& nodes) override {
    for (; max > 0 && at_ < nodes_.size(); --max, ++at_) {
      give_back({nodes_[at_].node, NodeKind::kListNode}, nodes);
    }
    return at_ < nodes_.size();
  }

  [[nodiscard]] size_t memory_bytes() const override { return nodes_.capacity() * sizeof(nodes_[0]); }

 private:
  const void* container_;
  std::vector<ds::NodeList::NodeRef> nodes_;
  size_t at_ = 0;
};

// --- tables

class FrozenTable : public Frozen {
 public:
  FrozenTable(const EntryHeads::Entry& entry, uint32_t epoch, size_t items)
      : Frozen(entry, epoch), items_(items) {}

  void before_change(ds::NodeHeader& node) override { encode(node, aside_); }

  Piece next(base::Bytes& out) override {
    Encoder encoder(out, false);
    if (!begun_) encoder.length(items_);
    begun_ = true;
    if (walked_) {
      encode_rest(encoder);
    } else {
      walk_on(out);
    }
    Piece piece;
    piece.done = walked_ && !has_rest();
    return piece;
  }

  bool give_up(size_t, std::vector<PinnedNode>&) override { return false; }
  [[nodiscard]] size_t memory_bytes() const override { return aside_.capacity(); }

 protected:
  // The next node in order, null behind the last.
  virtual ds::NodeHeader* advance() = 0;
  [[nodiscard]] virtual bool at_end() const = 0;
  virtual void encode(ds::NodeHeader& node, base::Bytes& out) = 0;
  // What stands behind the items, in pieces. REQUIRES of the second: has_rest().
  [[nodiscard]] virtual bool has_rest() const { return false; }
  virtual void encode_rest(Encoder&) {}

 private:
  void walk_on(base::Bytes& out) {
    out.append(aside_);
    aside_ = {};
    ds::NodeHeader* const node = advance();
    if (node != nullptr && is_owed(*node)) {
      encode(*node, out);
      node->epoch = epoch();
    }
    walked_ = node == nullptr || at_end();  // then nothing is owed any more: nothing can come aside
  }

  size_t items_;
  base::Bytes aside_;  // items of nodes that changed before the walk came to them
  bool begun_ = false;
  bool walked_ = false;
};

int64_t earliest_of(const Hash& hash) {
  return hash.next_deadline_ms();
}
int64_t earliest_of(const Set&) {
  return types::kNeverExpires;
}

// Hash or Set.
template <class T>
class FrozenDict final : public FrozenTable {
 public:
  FrozenDict(const EntryHeads::Entry& entry, uint32_t epoch, const T& value)
      : FrozenTable(entry, epoch, value.size()),
        segments_(*value.segments()),
        deadlines_(earliest_of(value)) {}

  [[nodiscard]] const void* container() const override { return &segments_; }
  [[nodiscard]] size_t memory_bytes() const override {
    return FrozenTable::memory_bytes() + deadlines_.memory_bytes();
  }

 protected:
  ds::NodeHeader* advance() override {
    const ds::DictTable::Step step = segments_.segment_from(position_);
    position_ = step.next;
    at_end_ = step.next == 0;
    return step.node;
  }
  [[nodiscard]] bool at_end() const override { return at_end_; }
  void encode(ds::NodeHeader& node, base::Bytes& out) override {
    Encoder encoder(out, false);
    if constexpr (std::is_same_v<T, Hash>) {
      T::for_each_in(node, [&](const ds::Element& field, const ds::Element& value, int64_t deadline_ms) {
        encode_field(field, value, encoder);
        deadlines_.add(field, deadline_ms);
      });
    } else {
      T::for_each_in(node, [&](const ds::Element& member) { encoder.element(member); });
    }
  }
  [[nodiscard]] bool has_rest() const override { return !deadlines_.empty(); }
  void encode_rest(Encoder& encoder) override { deadlines_.take(encoder); }

 private:
  const ds::DictTable& segments_;
  DeadlineRecords deadlines_;  // of the fields encoded so far, as they were at the beginning
  uint64_t position_ = 0;
  bool at_end_ = false;
};

class FrozenTree final : public FrozenTable {
 public:
  FrozenTree(const EntryHeads::Entry& entry, uint32_t epoch, const SortedSet& set)
      : FrozenTable(entry, epoch, set.size()), tree_(*set.tree()) {}

  [[nodiscard]] const void* container() const override { return &tree_; }

 protected:
  ds::NodeHeader* advance() override {
    ds::NodeHeader* const leaf = begun_ ? tree_.leaf_above(score_, member_) : tree_.first_leaf();
    begun_ = true;
    if (leaf == nullptr) {
      at_end_ = true;
      return nullptr;
    }
    const ds::RankItem& last = ds::rank_leaf_item(*leaf, ds::rank_leaf_size(*leaf) - 1);
    score_ = last.score();
    member_ = last.member();
    return leaf;
  }
  [[nodiscard]] bool at_end() const override { return at_end_; }
  void encode(ds::NodeHeader& node, base::Bytes& out) override {
    Encoder encoder(out, false);
    for (size_t i = 0; i < ds::rank_leaf_size(node); ++i) {
      const ds::RankItem& item = ds::rank_leaf_item(node, i);
      encode_member(ds::Element{false, 0, item.member()}, item.score(), encoder);
    }
  }

 private:
  const ds::RankTree& tree_;
  bool begun_ = false;
  bool at_end_ = false;
  double score_ = 0;  // of the last item of the leaf passed last
  base::Bytes member_;
};

struct NeedsFreezing {
  bool operator()(const StringValue&) const { return false; }
  bool operator()(const List& list) const {
    return list.nodes().node_count() > 1 || (!list.empty() && list.nodes().is_large_node(0));
  }
  bool operator()(const Hash& hash) const {
    return hash.segments() != nullptr && hash.size() > kSmallTableItems;
  }
  bool operator()(const Set& set) const { return set.segments() != nullptr && set.size() > kSmallTableItems; }
  bool operator()(const SortedSet& set) const {
    return set.tree() != nullptr && set.size() > kSmallTableItems;
  }
  bool operator()(const std::unique_ptr<Stream>& stream) const { return is_big(*stream); }
};

struct ContainerOf {
  const void* operator()(const StringValue&) const { return nullptr; }
  const void* operator()(const List& list) const { return list.nodes().identity(); }
  const void* operator()(const Hash& hash) const { return hash.segments(); }
  const void* operator()(const Set& set) const { return set.segments(); }
  const void* operator()(const SortedSet& set) const { return set.tree(); }
  const void* operator()(const std::unique_ptr<Stream>& stream) const { return stream.get(); }
};

struct Freeze {
  const EntryHeads::Entry& entry;
  uint32_t epoch;
  using Made = std::unique_ptr<Frozen>;

  Made operator()(const StringValue&) const { SLUICE_CHECK(false, "a string is not frozen"); }
  Made operator()(const List& list) const { return std::make_unique<FrozenNodes>(entry, epoch, list); }
  Made operator()(const Hash& hash) const { return std::make_unique<FrozenDict<Hash>>(entry, epoch, hash); }
  Made operator()(const Set& set) const { return std::make_unique<FrozenDict<Set>>(entry, epoch, set); }
  Made operator()(const SortedSet& set) const { return std::make_unique<FrozenTree>(entry, epoch, set); }
  Made operator()(const std::unique_ptr<Stream>& stream) const {
    return std::make_unique<FrozenStream>(entry, epoch, *stream);
  }
};

}  // namespace

void Frozen::claim(ds::NodeHeader& node) const {
  if (!is_owed(node)) return;
  ds::pin(node);
  node.epoch = epoch_;
}

void Frozen::give_back(PinnedNode node, std::vector<PinnedNode>& nodes) const {
  if (is_owed(*node.header)) {
    node.header->epoch = epoch_;
  } else {
    nodes.push_back(node);
  }
}

bool needs_freezing(const Value& value) {
  return std::visit(NeedsFreezing{}, value);
}

std::unique_ptr<Frozen> freeze(const Value& value, const EntryHeads::Entry& entry, uint32_t epoch) {
  return std::visit(Freeze{entry, epoch}, value);
}

const void* container_of(const Value& value) {
  return std::visit(ContainerOf{}, value);
}

void unpin(PinnedNode node) {
  switch (node.kind) {
    case NodeKind::kNone:
      break;
    case NodeKind::kListNode:
      ds::unpin_list_node(node.header);
      break;
    case NodeKind::kStreamBlock:
    case NodeKind::kDelayedBlock:
      Stream::unpin(static_cast<types::StreamBlock*>(node.header));
      break;
    case NodeKind::kPendingLeaf:
    case NodeKind::kExpiryLeaf:
      types::PendingLeaf::unpin(static_cast<types::PendingLeaf*>(node.header));
      break;
    case NodeKind::kOwnLeaf:
      types::OwnLeaf::unpin(static_cast<types::OwnLeaf*>(node.header));
      break;
  }
}

}  // namespace sluice::snapshot
