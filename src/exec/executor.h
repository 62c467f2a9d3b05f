// Executor: runs commands. It finds the row, walks the gates, runs the handler, closes the command (its
// records, its touched keys, its events) and the unit (its effects to the sink, its offset to the replies),
// and then serves whoever waited for the keys it touched. One thread, no recursion but EXEC and scripts. It
// knows no family and no socket.
//
//   submit ── gates ── run ── close command ──┐            ┌── ready keys: re-run the waiters, oldest first,
//                       └─ EXEC, script: again ┘ close unit ┴   each a unit of its own, generation by
//                       generation
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "exec/call.h"
#include "exec/effects.h"
#include "exec/script_session.h"
#include "exec/services.h"
#include "exec/suspended.h"

namespace sluice::exec {

struct Request {
  std::span<const base::ByteView> words;
  base::ByteView wire = {};     // the same as it came, when canonical and contiguous
  resp::Parser* big = nullptr;  // holds big arguments
};

// What the connection does next.
enum class Next : uint8_t {
  kMore,   // execute the client's next request
  kWait,   // parked, paused or suspended: keep its input until resumed
  kClose,  // nothing of it is executed any more; close once its replies have left
};

// Deadline firings and timeouts handled in one turn; the rest follow in the next.
inline constexpr size_t kFiringsPerTurn = 1000;
// Ready keys looked at and commands run again for them in one turn; the rest follow in the next.
inline constexpr size_t kServicesPerTurn = 500;
// Commands held by a pause that run in one turn after it.
inline constexpr size_t kHeldPerTurn = 500;

class Executor {
 public:
  Executor(Services& services, EffectSink& sink);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Reads the clock. Once before a burst of submits, and before each tick.
  void refresh_clock();
  // One request of one client. REQUIRES: the client is not waiting.
  Next submit(client::Client& client, const Request& request);
  // A command within the unit of `outer`: EXEC's queue and scripts. Writes its reply.
  Outcome invoke(Call& outer, Command& command, client::Client& as, std::span<const base::ByteView> words,
                 resp::Reply& reply, Entrance entrance);
  // One record of the log. Fails when it cannot be replayed.
  base::Result<void> replay(client::Client& loader, std::span<const base::ByteView> words);

  // Whatever is due: deadlines, timeouts, the end of a pause, waiters left from the last turn, a suspended
  // script. True when more is due at once than one turn may do.
  bool tick();
  // When tick() is next needed, in monotonic microseconds; 0: at once; nothing: not before something happens.
  [[nodiscard]] std::optional<int64_t> next_tick_us() const;
  // The log was synced to `offset`: waiters for it run again.
  void synced(uint64_t offset);

  // CLIENT UNBLOCK: as if its time was up, or with an error. False if it does not wait.
  bool unblock(client::Client& client, base::ByteView error);
  void pause(PauseMode mode, int64_t until_ms);
  void unpause();
  // The client is gone: nothing of it may run again. Its memory may go after this.
  // REQUIRES: it is not the suspended script's.
  void disconnect(client::Client& client);

  // FLUSHDB's work on one database, watchers and waiters included. Returns the number of keys that went.
  size_t flush(Call& call, int db);
  void swap(Call& call, int left, int right);

  // The suspended script's client, or 0.
  [[nodiscard]] client::ClientId suspended_client() const;
  [[nodiscard]] uint64_t offset() const { return sink_.offset(); }
  [[nodiscard]] int64_t now_us() const { return monotonic_us_ + unix_offset_us_; }
  // For commands that are not shown by themselves (kSkipMonitor).
  void show_to_monitors(const Call& call);
  // Of the script that runs or is suspended.
  [[nodiscard]] ScriptSession& script() { return script_; }

 private:
  // A command that passed: as a unit of its own, and what follows from it.
  Next run(client::Client& client, Command& command, const Request& request);
  Outcome run_unit(const Call::Origin& origin, Command& command, const Request& request);
  Outcome run_command(Call& call, Command& command);
  void close_command(Call& call);
  void apply_changes(Unit& unit, bool replaying);
  void notify(Unit& unit, const keyspace::Change& change);
  void count(Call& call, Command& command, int64_t started_us);
  // CLIENT REPLY: takes the answer back if it is not wanted.
  static void settle_reply(client::Client& client, size_t reply_mark);
  // Hands the unit's effects on and tags what the client was answered.
  void close_unit(Unit& unit, client::Client& client, size_t reply_mark);
  Unit& begin_unit();

  Next refuse(client::Client& client, Command* command, base::ByteView error);
  Next cut_off_browser(client::Client& client);
  [[nodiscard]] uint32_t flags_of(client::Client& client, const Command& command,
                                  std::span<const base::ByteView> words);
  void judge_memory();

  // A ready key whose waiters are being served, and how far that has come.
  struct Service {
    KeyName name;
    bool begun = false;
    Blocking::Ticket after = 0;
    Blocking::Ticket last = 0;
  };
  void serve_ready();
  bool serve_key(Service& service, size_t& budget);
  [[nodiscard]] bool anything_to_serve() const {
    return !unserved_.empty() || services_.blocking.anything_ready();
  }
  bool is_gone(client::Client& client);
  void rerun(client::Client& client, Entrance entrance = Entrance::kRerun);
  void end_waiting(client::Client& client);
  void finish_waiting(client::Client& client);
  void count_unblocked(const client::Client& client, bool failed);
  void answer_null(client::Client& client);
  // Nobody in line may run now.
  [[nodiscard]] bool line_stands() const;
  bool fire_deadlines();
  bool fire_timeouts();
  void postpone(client::Client& client, OwnedRequest request);
  void end_pause();
  void run_held();
  [[nodiscard]] bool deadlines_paused() const;

  void suspend(client::Client& client, Command& command, std::span<const base::ByteView> words,
               size_t reply_mark);
  void resume_suspended();

  Services& services_;
  EffectSink& sink_;
  std::unique_ptr<Unit> unit_;
  std::unique_ptr<Suspended> suspended_;
  ScriptSession script_;
  std::deque<Service> unserved_;  // of the generation being served, in the order touched
  int64_t next_attack_report_us_ = 0;
  int64_t monotonic_us_ = 0;
  int64_t unix_offset_us_ = 0;
  bool serving_ = false;
};

}  // namespace sluice::exec
