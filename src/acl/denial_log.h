// DenialLog: what ACL LOG shows: what was refused to whom, newest first. The same thing happening again soon
// is counted instead of written twice, so that one misconfigured worker does not push everything else out.
// Owns its entries; it is told times and texts and asks nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include "acl/selector.h"
#include "base/bytes.h"

namespace sluice::acl {

inline constexpr int64_t kSameDenialMs = 60'000;  // apart at most, to be told as one
inline constexpr size_t kDenialsCompared = 10;    // of the newest
inline constexpr size_t kMaxLoggedBytes = 4096;   // of a key, a channel or a name

enum class Context : uint8_t { kTopLevel, kMulti, kScript };

struct Denial {
  Reason reason = Reason::kNone;
  Context context = Context::kTopLevel;
  base::Bytes object;  // the command, key or channel; for a failed login the command that tried it
  base::Bytes user;
  std::string client;  // a line of CLIENT LIST
};

class DenialLog {
 public:
  struct Entry {
    Denial denial;
    uint64_t id;
    uint64_t count;
    int64_t created_ms;  // unix
    int64_t updated_ms;
  };

  // Keeps `max_entries` at most.
  void add(Denial denial, int64_t now_ms, size_t max_entries);
  void clear() { entries_.clear(); }
  [[nodiscard]] const std::list<Entry>& entries() const { return entries_; }

 private:
  std::list<Entry> entries_;
  uint64_t next_id_ = 0;
};

}  // namespace sluice::acl
