// What XADD and XTRIM share: how a trim is asked for, carried out and told to the log; and the records by
// which the log hears of entries and pending entries that went by their ids, for XDELEX and XACKDEL as well.
//
// The log gets the cut that a trim turned out to be, never the intention: what was cut from the front as
// MAXLEN or MINID, what went from behind an entry that stayed as XDEL, pending entries as XACK. Redis 7.0
// replays all of these.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/number.h"
#include "commands/family.h"
#include "commands/stream_reply.h"
#include "types/stream.h"

namespace sluice::commands {

// KEEPREF, DELREF or ACKED, if that is the next word. A second one latches a syntax error.
bool read_policy(exec::Args& args, std::optional<types::DeletePolicy>& policy);

struct TrimRequest {
  std::optional<types::StreamTrim> rule;
  std::optional<types::DeletePolicy> policy;
  ByteView threshold;
  std::optional<uint64_t> limit;
};

// Takes the next word, if it belongs to a trim, with its values.
bool read_trim_word(exec::Args& args, TrimRequest& request);
// What the words mean together. REQUIRES: they were read without an error.
void settle_trim(Call& call, bool adding, TrimRequest& request);

// Does it, if there is something to do. What is left to be freed goes to the graveyard.
types::StreamRemoval trim(Call& call, const TrimRequest& request, types::Stream& stream);

// The words by which the log repeats what was cut from the front. Owns the numbers it shows.
class TrimEffect {
 public:
  // `removal` is what went from the stream as it is now.
  TrimEffect(const TrimRequest& request, const types::Stream& stream, const types::StreamRemoval& removal);
  TrimEffect(const TrimEffect&) = delete;
  TrimEffect& operator=(const TrimEffect&) = delete;

  [[nodiscard]] bool empty() const { return !needed_; }
  void append_to(std::vector<ByteView>& words) const {
    if (needed_) words.insert(words.end(), {by_length_ ? "MAXLEN" : "MINID", "=", threshold_});
  }

 private:
  bool needed_;
  bool by_length_;
  types::StreamIdText first_;
  base::NumberText length_;
  ByteView threshold_;
};

// What the log hears of blocks that were dropped though no entry of theirs was left: for a trim that
// approximates and removed no entry. An exact one is repeated by its words, any other cut takes them along.
void propagate_hollow(Call& call, ByteView key, const TrimRequest& request,
                      const types::StreamRemoval& removal);
// Records of XDEL, and of XACK for each group.
void propagate_deletions(Call& call, ByteView key, std::span<const types::StreamId> ids,
                         RecordFor reader = RecordFor::kEverybody);
void propagate_purged(Call& call, ByteView key, std::span<const types::StreamRemoval::Purged> purged);

}  // namespace sluice::commands
