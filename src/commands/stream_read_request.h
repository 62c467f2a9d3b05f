// What XREAD and XREADGROUP are asked for, and the reply they share: streams in the order given, each with
// its entries, up to the limits asked for. Nothing is written before the first entry, so that a reader who
// finds nothing can still wait.
#pragma once

#include <optional>
#include <span>

#include "exec/args.h"
#include "resp/reply.h"
#include "types/stream.h"

namespace sluice::commands {

enum class Reader : uint8_t { kAlone, kOfGroup };

struct ReadRequest {
  uint64_t count = 0;        // of each stream; 0: all
  uint64_t total_count = 0;  // MAXCOUNT, of all streams together; 0: no limit
  uint64_t total_bytes = 0;  // MAXSIZE, of the reply; 0: no limit
  std::optional<int64_t> timeout_ms;
  std::span<const base::ByteView> keys;
  std::span<const base::ByteView> ids;
  // XREADGROUP's.
  std::optional<base::ByteView> group;
  base::ByteView consumer;
  std::optional<int64_t> min_idle_ms;
  bool keeps_nothing_pending = false;  // NOACK
};

// All words of the command; errors are latched.
ReadRequest read_request(exec::Args& args, Reader reader);

class ReadReply {
 public:
  ReadReply(resp::Reply& reply, const ReadRequest& request) : reply_(reply), request_(request) {}
  ReadReply(const ReadReply&) = delete;
  ReadReply& operator=(const ReadReply&) = delete;

  // What follows is of this stream; it is shown from its first entry on.
  void next_stream(base::ByteView key);
  // Shows it even if nothing follows; not when the limits of all streams are reached.
  void show();

  // The entry, or what is left of a pending one that is gone from its stream. False, and nothing is written,
  // when a limit is reached.
  bool add(const types::StreamEntry& entry);
  bool add_gone(const types::StreamId& id);
  // As XREADGROUP's CLAIM shows it: with its idle time and its deliveries before this one.
  struct Delivered {
    int64_t idle_ms;
    uint64_t deliveries;
  };
  bool add(const types::StreamEntry& entry, const Delivered& before);

  // False: there was nothing to show, and nothing is written.
  bool finish();

 private:
  bool admit(const types::StreamEntry* entry);
  void end_stream();

  resp::Reply& reply_;
  const ReadRequest& request_;
  base::ByteView key_;
  bool shown_ = false;  // the stream at hand
  uint64_t streams_ = 0;
  uint64_t entries_ = 0;  // of the stream at hand
  uint64_t total_ = 0;
  size_t bytes_ = 0;   // counted only when they are limited
  bool full_ = false;  // a limit of all streams is reached
  resp::Reply::Mark streams_mark_{};
  resp::Reply::Mark entries_mark_{};
};

}  // namespace sluice::commands
