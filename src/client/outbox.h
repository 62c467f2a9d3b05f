// Outbox: the bytes a client is owed, in order, and from which moment each may leave. Everything appended
// during a unit belongs to a run tagged with the journal offset that the unit reached; a run leaves once the
// log's watermark has passed its tag, so that nobody sees what a crash could still undo. Tags never decrease.
//
//   bytes_  [ sent | released ............ | held .............. | open ]
//            ^head_                         ^ runs_: (end, tag)        appended since the last tag()
//
// The whole buffer goes when it has been sent: an idle client holds none. It knows no socket and no log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace sluice::client {

class Outbox {
 public:
  // Where replies are written (resp::Reply over it). Whoever appends tags before its unit is over.
  base::Bytes& bytes() { return bytes_; }

  // Everything appended since the last call belongs to `offset`. Smaller offsets than the last count as the
  // last.
  void tag(uint64_t offset);
  // The tag of the last run, 0 if nothing was ever tagged: replies made while the disk fails take it.
  [[nodiscard]] uint64_t last_tag() const { return last_tag_; }

  // CLIENT DURABLE: what is appended from now on waits until its tag is synced, even where others wait only
  // until theirs is written. Switched off, this still holds for the unit at hand and all before.
  void wait_for_sync(bool wait);
  // The watermark that counts here: `written` lets replies go elsewhere, `synced` is on disk.
  [[nodiscard]] uint64_t watermark(uint64_t written, uint64_t synced) const {
    return waits_for_sync(synced) ? synced : written;
  }
  [[nodiscard]] bool waits_for_sync(uint64_t synced) const { return synced < durable_until_; }

  // What may leave now: runs tagged at or below `watermark`.
  base::ByteView sendable(uint64_t watermark);
  // The first `count` of them were sent.
  void sent(size_t count);

  // Takes back what was appended since `mark` (a size()), as CLIENT REPLY OFF asks. REQUIRES: untagged since.
  void take_back(size_t mark) { bytes_.resize(mark); }
  [[nodiscard]] size_t mark() const { return bytes_.size(); }

  [[nodiscard]] bool empty() const { return bytes_.size() == head_; }
  // Bytes not yet sent, held ones included.
  [[nodiscard]] size_t unsent_bytes() const { return bytes_.size() - head_; }
  // Bytes that wait for the disk: they do not count toward a client's output limits.
  [[nodiscard]] size_t held_bytes() const { return bytes_.size() - released_end_; }
  [[nodiscard]] size_t memory_bytes() const { return bytes_.capacity() + runs_.capacity() * sizeof(Run); }
  void clear();

 private:
  struct Run {
    size_t end;
    uint64_t tag;
  };

  base::Bytes bytes_;
  size_t head_ = 0;          // Sent up to here.
  size_t released_end_ = 0;  // May be sent up to here.
  std::vector<Run> runs_;    // Held runs from first_run_ on, oldest first.
  size_t first_run_ = 0;
  uint64_t last_tag_ = 0;
  uint64_t durable_until_ = 0;  // tags up to here wait for the sync
  bool durable_ends_ = false;   // the next tag is the last of those
};

}  // namespace sluice::client
