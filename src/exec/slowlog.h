// Slowlog: the commands that took long, newest first, as SLOWLOG GET shows them. Bounded in entries,
// arguments and argument length, so that what it keeps of a huge command is small. Owns copies; the executor
// decides what was slow.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "client/client.h"

namespace sluice::exec {

inline constexpr size_t kSlowlogMaxArgs = 32;
inline constexpr size_t kSlowlogMaxArgBytes = 128;

struct SlowEntry {
  uint64_t id;
  int64_t time_s;  // unix
  int64_t duration_us;
  std::vector<base::Bytes> words;
  std::string address;
  std::string client_name;
};

class Slowlog {
 public:
  // Copies what it keeps.
  void add(std::span<const base::ByteView> words, const client::Client& client, int64_t now_us,
           int64_t duration_us);
  // Drops the oldest beyond `max_entries`.
  void trim(size_t max_entries);
  void clear() { entries_.clear(); }
  [[nodiscard]] const std::deque<SlowEntry>& entries() const { return entries_; }

 private:
  std::deque<SlowEntry> entries_;
  uint64_t next_id_ = 0;
};

}  // namespace sluice::exec
