// What trims and deletions of a stream are told and tell back, and what a stream remembers between trims that
// spare unacknowledged work. The work itself is Stream's (types/stream_trim.cc).
//
// An entry is needed as long as it is pending in a group, or lies above what a group was delivered last. A
// trim by kAcked goes past needed entries; so that a long run of them is not gone over again at every XADD,
// TrimMemory knows up to where all were found needed, and hears of each id that stops being pending below.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "types/stream_id.h"

namespace sluice::types {

class Stream;

// What becomes of the pending entries of groups when their entry is deleted.
enum class DeletePolicy : uint8_t {
  kKeepRef,  // they stay, without an entry
  kDelRef,   // they go
  kAcked,    // only entries that no group needs are deleted
};

// What XTRIM and XADD may be told. A whole block is cut when all of it is in excess; what is left of the
// excess is deleted entry by entry unless `approximate`. With a limit (0 is none) at most so many entries go.
// By kAcked, what is in excess goes entry by entry; `approximate` leaves the block alone that would be cut.
struct StreamTrim {
  enum class Keep : uint8_t { kMaxLength, kMinId };
  Keep keep = Keep::kMaxLength;
  uint64_t max_length = 0;
  StreamId min_id;
  bool approximate = false;
  uint64_t limit = 0;
  DeletePolicy policy = DeletePolicy::kKeepRef;
};

// What a trim did, beyond its request.
struct StreamRemoval {
  struct Purged {
    base::ByteView group;  // its name, which lives as long as the group
    StreamId id;
  };

  StreamRemoval();
  ~StreamRemoval();
  StreamRemoval(StreamRemoval&&) noexcept;
  StreamRemoval& operator=(StreamRemoval&&) noexcept;

  uint64_t gone = 0;            // entries
  uint64_t looked_at = 0;       // entries that kAcked had to ask about
  std::vector<StreamId> by_id;  // of those gone, what lay behind an entry that stayed; in order of ids
  std::vector<Purged> purged;   // pending entries that went along (kDelRef)
  size_t dropped_blocks = 0;
  // One of those ended with a deleted entry above the beginning of the next, since XSETID had set the ids
  // back: a cut by ids would not drop it.
  bool out_of_order = false;
  std::unique_ptr<Stream> remains;  // blocks still to be freed, when there are many
};

class TrimMemory {
 public:
  // More than so many ids below the mark are remembered as the mark set back to the lowest.
  static constexpr size_t kMostIds = 4096;

  // All entries up to here were needed when they were looked at, except maybe those in `ids`.
  [[nodiscard]] const StreamId& mark() const { return mark_; }
  void set_mark(const StreamId& id) { mark_ = id; }
  // The id stopped being pending in a group.
  void note(const StreamId& id);
  // In order, each once. The caller puts back by note() what it did not look at.
  [[nodiscard]] std::vector<StreamId> take();

 private:
  StreamId mark_;
  std::vector<StreamId> ids_;
};

}  // namespace sluice::types
