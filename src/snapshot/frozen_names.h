// What producers had sent to a stream when a snapshot began, written a few names at a time while more is sent
// and forgotten. The table is walked in its order; names before the place reached are written, and what
// becomes of them no longer matters. Of those behind it the new ones are passed by, and those that leave are
// kept aside.
//
//   written ... | place | ... as it was, and: new ones (passed by) | left meanwhile (aside, written last)
//
// Watches the table from its beginning to its end; the table may go first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "types/stream_idempotence.h"

namespace sluice::snapshot {

class FrozenNames final : public types::IdempotenceWatcher {
 public:
  // REQUIRES: nobody watches the table.
  explicit FrozenNames(types::IdempotenceTable& table);
  ~FrozenNames();
  FrozenNames(const FrozenNames&) = delete;
  FrozenNames& operator=(const FrozenNames&) = delete;

  [[nodiscard]] bool done() const { return walked_ && aside_.empty() && written_; }
  // Appends the next records (snapshot/idempotence_codec.h).
  void write_some(base::Bytes& out);
  [[nodiscard]] size_t memory_bytes() const;

  void name_added(base::ByteView pid, base::ByteView iid, const types::StreamId& id) override;
  void name_leaves(base::ByteView pid, base::ByteView iid, const types::StreamId& id) override;
  void table_goes() override;

 private:
  static constexpr size_t kNamesAtOnce = 256;
  struct Name {
    base::Bytes pid;
    base::Bytes iid;
    types::StreamId id;
  };

  void forget_new();
  [[nodiscard]] bool is_passed(base::ByteView pid, const types::StreamId& id) const;

  types::IdempotenceTable* table_;  // null when it went
  base::Bytes head_;
  std::optional<types::IdempotenceTable::Place> place_;  // nothing: at the beginning, or at the end
  bool walked_ = false;
  bool written_ = false;  // one record at least
  std::set<base::Bytes> new_;
  std::deque<Name> aside_;
  size_t text_bytes_ = 0;  // of both
};

}  // namespace sluice::snapshot
