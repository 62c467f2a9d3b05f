// What the consumer groups of one stream still need, so that a trim that spares unacknowledged work asks once
// per entry, and nobody walks over all groups for one entry: the lowest id that any group was delivered last,
// for each pending id how many groups have it, and which groups keep dead letters. While one group alone has
// anything pending nothing is counted, since its own tree knows; it stays uncounted until nothing of it is
// pending any more. All others are counted.
//
//   alone_    -> group "a"              looked up in its own tree
//   counts_      5-1: 2, 5-2: 1 (#3)    by groups "b" and "c", whose numbers are 2 and 3
//   leaving_  -> group "d"              destroyed, freed in slices: in counts_, and no longer meant
//
// Shared by the stream and its groups, which report every change; knows nothing of entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "base/bytes.h"
#include "ds/node.h"
#include "types/id_tree.h"
#include "types/stream_id.h"

namespace sluice::types {

class StreamGroup;

class PendingIndex {
 public:
  // How a group stands with the index.
  enum class Standing : uint8_t {
    kNothing,  // nothing of it is pending
    kAlone,    // looked up in its own tree
    kCounted,
  };

  explicit PendingIndex(const ds::Epoch& epoch) : counts_(epoch, this) {}
  PendingIndex(const PendingIndex&) = delete;
  PendingIndex& operator=(const PendingIndex&) = delete;

  // A group comes, with what is pending in it, or goes. One that is counted reports what it frees from then
  // on; true says so.
  void join(StreamGroup& group);
  bool leave(StreamGroup& group);
  // The stream goes: nothing is asked or reported any more.
  void abandon();
  [[nodiscard]] bool abandoned() const { return abandoned_; }
  // Frees about `max` counts and places of an abandoned index; true while there are more.
  bool release_slice(size_t max);

  // By the group, right after the change.
  void added(StreamGroup& group, const StreamId& id);
  void removed(StreamGroup& group, const StreamId& id);
  void last_id_moved(const StreamId& from, const StreamId& to);
  // Its policy names dead letters, or no longer does.
  void keeps_letters(StreamGroup& group, bool keeps);
  // A group that left has nothing more to report.
  void forget(const StreamGroup& group);

  // Of all groups; the highest id there is without one.
  [[nodiscard]] StreamId lowest_delivered() const;
  // The same for the highest; the lowest id there is without one.
  [[nodiscard]] StreamId highest_delivered() const;
  // Whether any group has it pending.
  [[nodiscard]] bool is_pending(const StreamId& id) const;
  // Those that have it pending. No other is looked at where that is one, or none.
  struct Holders {
    std::vector<StreamGroup*> groups;
    size_t looked_at = 0;  // groups that were asked
  };
  [[nodiscard]] Holders holders(const StreamId& id) const;
  // The groups that keep dead letters, by their names.
  using ByName = std::map<base::ByteView, StreamGroup*>;
  [[nodiscard]] const ByName& letter_keepers() const { return letter_keepers_; }
  // Checks the counts against the groups; for tests.
  [[nodiscard]] bool consistent() const;
  // The nodes of the counts, and the places of the groups.
  [[nodiscard]] size_t memory_bytes() const;

 private:
  void count(const StreamId& id, uint32_t number);
  void discount(const StreamId& id, uint32_t number);
  // What counts_ has of an id, without the groups that are leaving.
  [[nodiscard]] CountItem counted(const StreamId& id) const;

  std::multiset<StreamId> last_ids_;
  std::vector<StreamGroup*> numbered_;  // null where a number is free, or its group is leaving
  std::vector<uint32_t> free_numbers_;
  ByName letter_keepers_;
  StreamGroup* alone_ = nullptr;
  IdTree<CountSlot> counts_;
  std::vector<const StreamGroup*> leaving_;
  bool abandoned_ = false;
};

}  // namespace sluice::types
