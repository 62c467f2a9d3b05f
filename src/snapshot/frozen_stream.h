// A stream as it was when a snapshot began (snapshot/frozen.h): its blocks and the leaves of what is pending
// in big groups, each to be pinned when it changes and to be encoded by the worker, with the text that stands
// between them. Text is encoded at once: counters, names, times, and groups with little pending as a whole.
// Of what producers sent, much is written behind all that, a few names at a time (snapshot/frozen_names.h).
//
//   text | block | block | text | leaf of group | leaf | text | leaf of consumer | text | ...
//        | block of delayed entries | ... | leaf of expiries | ... | records | names
//
// Records of released and delayed entries (snapshot/group_codec.h) are collected while leaves are passed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "snapshot/frozen.h"
#include "snapshot/frozen_names.h"
#include "snapshot/group_codec.h"
#include "types/stream.h"

namespace sluice::snapshot {

// Whether a stream is too big to be encoded at once.
[[nodiscard]] bool is_big(const types::Stream& stream);

class FrozenStream final : public Frozen {
 public:
  FrozenStream(const EntryHeads::Entry& entry, uint32_t epoch, const types::Stream& stream);

  [[nodiscard]] const void* container() const override { return stream_; }
  [[nodiscard]] std::span<const void* const> inner_containers() const override { return inner_containers_; }
  void before_change(ds::NodeHeader& node) override { ds::pin(node); }
  Piece next(base::Bytes& out) override;
  bool give_up(size_t max, std::vector<PinnedNode>& nodes) override;
  [[nodiscard]] size_t memory_bytes() const override;

 private:
  struct Part {
    PinnedNode node;
    uint32_t bytes;
    size_t text_end;  // text up to here stands before it
  };

  void collect_unowned(const Part& part);
  void add_group(const base::Bytes& name, const types::StreamGroup& group);
  void add_delayed(const types::DelayedEntries& delayed);
  void add_part(NodeKind kind, ds::NodeHeader& node, size_t bytes);

  const void* stream_;
  std::vector<const void*> inner_containers_;
  std::vector<Part> parts_;
  base::Bytes text_;
  size_t at_ = 0;
  size_t text_at_ = 0;

  // Big groups that have entries of nobody, by their first part. Its leaves are in a row, up to those of its
  // consumers.
  struct Unowned {
    size_t first_part;
    size_t end_part;
    base::Bytes name;
  };
  std::deque<Unowned> unowned_;
  GroupRecords records_;
  std::unique_ptr<FrozenNames> names_;  // null where they are few
};

}  // namespace sluice::snapshot
