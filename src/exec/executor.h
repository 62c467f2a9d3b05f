// Executor: decides what runs. It finds the row, walks the gates, has the command run as a unit
// (unit_runner), and then has those served who waited for the keys it touched (waiting). Owns both, and a
// script that was suspended. One thread, no recursion but EXEC and scripts. It knows no family and no socket.
//
//   submit ── room ── gates ── run ── close command ──┐            ┌── ready keys: re-run the waiters, oldest
//   first,
//                       └─ EXEC, script: again ┘ close unit ┴   each a unit of its own, generation by
//                       generation
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "exec/access.h"
#include "exec/eviction.h"
#include "exec/script_session.h"
#include "exec/services.h"
#include "exec/suspended.h"
#include "exec/unit_runner.h"
#include "exec/waiting.h"

namespace sluice::exec {

// What the connection does next.
enum class Next : uint8_t {
  kMore,   // execute the client's next request
  kWait,   // parked, paused or suspended: keep its input until resumed
  kClose,  // nothing of it is executed any more; close once its replies have left
};

// Commands held by a pause that run in one turn after it.
inline constexpr size_t kHeldPerTurn = 500;
// Keys of caches that were flushed, freed in one turn.
inline constexpr size_t kCachesFreedAtOnce = 1000;

class Executor {
 public:
  Executor(Services& services, EffectSink& sink);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Reads the clock. Once before a burst of submits, and before each tick.
  void refresh_clock() {
    units_.refresh_clock();
    waiting_.note_hold();
  }
  // One request of one client. REQUIRES: the client is not waiting.
  Next submit(client::Client& client, const Request& request);
  // A command within the unit of `outer`: EXEC's queue and scripts. Writes its reply.
  Outcome invoke(Call& outer, Command& command, client::Client& as, std::span<const base::ByteView> words,
                 resp::Reply& reply, Entrance entrance);
  // One record of the log. Fails when it cannot be replayed.
  base::Result<void> replay(client::Client& loader, std::span<const base::ByteView> words) {
    return units_.replay(loader, words);
  }

  // Whatever is due: deadlines, timeouts, the end of a pause, waiters left from the last turn, a suspended
  // script. True when more is due at once than one turn may do.
  bool tick();
  // For clients that keep copies of keys (CLIENT TRACKING), once at the end of a turn: tells what changed
  // below their prefixes, and forgets what is too much. True when more is due than one turn may do.
  bool tend_caches();
  // When tick() is next needed, in monotonic microseconds; 0: at once; nothing: not before something happens.
  [[nodiscard]] std::optional<int64_t> next_tick_us() const;
  // For LATENCY, if it took long enough.
  void note_latency(LatencyEvent event, int64_t duration_us) { units_.note_latency(event, duration_us); }
  // maxmemory or what goes with it was changed: the next tick evicts what is too much now.
  void limits_changed() { eviction_.limits_changed(); }
  // The log was synced to `offset`: waiters for it run again.
  void synced(uint64_t offset) { waiting_.synced(offset); }

  // CLIENT UNBLOCK: as if its time was up, or with an error. False if it does not wait.
  bool unblock(client::Client& client, base::ByteView error) { return waiting_.unblock(client, error); }
  void pause(PauseMode mode, int64_t until_ms) { waiting_.pause(mode, until_ms); }
  void unpause() { waiting_.unpause(); }
  [[nodiscard]] bool has_waiters_to_serve() const { return waiting_.anything_to_serve(); }
  // The client is gone: nothing of it may run again. Its memory may go after this.
  // REQUIRES: it is not the suspended script's.
  void disconnect(client::Client& client);

  // FLUSHDB's work on databases from `first` to `last`, watchers and waiters included. Returns the number of
  // keys that went.
  size_t flush(Call& call, int first, int last);
  // All of it, by other means: what clients keep copies of is no more.
  void keyspace_emptied(Call& call);
  void swap(Call& call, int left, int right);

  // The suspended script's client, or 0.
  [[nodiscard]] client::ClientId suspended_client() const;
  [[nodiscard]] uint64_t offset() const { return units_.offset(); }
  // As of the last look at the clock.
  [[nodiscard]] int64_t monotonic_us() const { return units_.monotonic_us(); }
  // For commands that are not shown by themselves (kSkipMonitor).
  void show_to_monitors(const Call& call) { units_.show_to_monitors(call); }
  // What users may do: for commands that run others.
  [[nodiscard]] AccessCheck& access() { return access_; }
  // Of the script that runs or is suspended.
  [[nodiscard]] ScriptSession& script() { return script_; }

 private:
  // A command that passed: as a unit of its own, and what follows from it.
  Next run(client::Client& client, Command& command, const Request& request);
  Next refuse(client::Client& client, Command* command, base::ByteView error);
  Next cut_off_browser(client::Client& client);
  [[nodiscard]] uint32_t flags_of(client::Client& client, const Command& command,
                                  std::span<const base::ByteView> words);
  size_t flush_one(Call& call, int db);
  void run_held();
  void suspend(client::Client& client, Command& command, std::span<const base::ByteView> words,
               size_t reply_mark);
  void resume_suspended();

  Services& services_;
  UnitRunner units_;
  AccessCheck access_;
  Eviction eviction_;
  Waiting waiting_;
  std::unique_ptr<Suspended> suspended_;
  ScriptSession script_;
  int64_t next_attack_report_us_ = 0;
};

}  // namespace sluice::exec
