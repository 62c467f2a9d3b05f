// Turn: when what was executed is written to the log and answered. It may end in the middle of a poll phase,
// since thousands of sockets may be ready in one, and it may go on over several, so that clients that send
// one command at a time come to share a write and a sync. It counts commands and time; the Server does the
// work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::server {

// A turn ends after so many commands, or after this long, so that nobody's reply waits for the thousandth
// socket. Where replies wait for a sync, which takes about as long as many commands do, more of them share
// one.
inline constexpr size_t kCommandsPerTurn = 1024;
inline constexpr int64_t kTurnUs = 1000;
inline constexpr int64_t kSyncedTurnUs = 4000;

class Turn {
 public:
  // A command was executed. Whether the turn must end before the next. `now_us` is monotonic.
  bool add(int64_t now_us) {
    if (commands_++ == 0) began_us_ = now_us;
    return commands_ >= kCommandsPerTurn || now_us - began_us_ >= limit_us_;
  }
  // After a poll phase: whether the turn goes on over a look at the sockets that does not wait, because the
  // last one found more. `logs` says whether there is anything to write.
  bool goes_on(int64_t now_us, bool logs) {
    const bool found_more = commands_ > std::exchange(seen_, commands_);
    return found_more && logs && now_us - began_us_ < limit_us_;
  }
  // The next one may take so long.
  void end(int64_t limit_us = kTurnUs) {
    commands_ = seen_ = 0;
    limit_us_ = limit_us;
  }

 private:
  size_t commands_ = 0;
  size_t seen_ = 0;  // of them, when the sockets were last looked at
  int64_t began_us_ = 0;
  int64_t limit_us_ = kTurnUs;
};

}  // namespace sluice::server
