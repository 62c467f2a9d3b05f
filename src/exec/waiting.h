// Waiting: whoever waits, and what comes due. Serves the keys that became ready (each waiter's command re-run
// as a unit of its own, oldest first, generation by generation), ends timeouts, fires deadlines, and keeps
// those that a pause holds back. The waiters themselves stand in exec/blocking; this owns what is left over
// from a full turn. Knows no gate order and no socket.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "exec/access.h"
#include "exec/blocking.h"
#include "exec/eviction.h"
#include "exec/gates.h"
#include "exec/services.h"
#include "exec/unit_runner.h"

namespace sluice::exec {

// Deadline firings and timeouts handled in one turn; the rest follow in the next.
inline constexpr size_t kFiringsPerTurn = 1000;
// And for how long: what fires may be a job of a megabyte.
inline constexpr int64_t kFiringUs = 2000;
// Ready keys looked at and commands run again for them in one turn; the rest follow in the next.
inline constexpr size_t kServicesPerTurn = 500;

class Waiting {
 public:
  Waiting(Services& services, UnitRunner& units, AccessCheck& access, Eviction& eviction)
      : services_(services), units_(units), access_(access), eviction_(eviction) {}

  // Waiters of keys that became ready in an earlier turn have not had their chance yet.
  [[nodiscard]] bool behind() const { return !unserved_.empty(); }
  // Waiters whose keys were touched have not been run again yet.
  [[nodiscard]] bool anything_to_serve() const {
    return !unserved_.empty() || services_.blocking.anything_ready();
  }
  void serve_ready();
  // Deadlines, timeouts, waiters left over. True when more is due at once than one turn may do.
  bool fire_due();
  // When fire_due() is next needed, in monotonic microseconds; 0: at once; nothing: not before something
  // happens.
  [[nodiscard]] std::optional<int64_t> next_tick_us() const;
  // The log was synced to `offset`: waiters for it run again, as many as a turn may, the rest by fire_due().
  void synced(uint64_t offset);

  // As if the client's time was up, or with an error. False if it does not wait.
  bool unblock(client::Client& client, base::ByteView error);
  // Puts a request into the line of those that run when a pause has ended, or the disk has caught up.
  void postpone(client::Client& client, OwnedRequest request);
  void pause(PauseMode mode, int64_t until_ms);
  void unpause();
  // Nobody in line may run now: a pause, or a disk that is behind.
  [[nodiscard]] bool line_stands() const;
  // Sees whether deadlines are held back now: whenever the clock was read, so that it is known since when.
  void note_hold();
  // Ends a pause whose time is up.
  void end_pause();
  // Marks a client whose peer is known to be dead; true if nothing may run for it any more.
  bool is_gone(client::Client& client);
  void forget(client::Client& client);

 private:
  // A ready key whose waiters are being served, and how far that has come.
  struct Service {
    KeyName name;
    bool begun = false;
    Blocking::Turn turn{};
  };
  bool serve_key(Service& service, size_t& budget);
  [[nodiscard]] bool synced_waiters_left() const {
    const auto next = services_.blocking.next_offset();
    return next && *next <= synced_offset_;
  }
  // Nothing: the client is gone, or stands in another line now.
  std::optional<Outcome> rerun(client::Client& client, Entrance entrance = Entrance::kRerun);
  void end_waiting(client::Client& client);
  void finish_waiting(client::Client& client);
  void count_unblocked(const client::Client& client, bool failed);
  // Of the shape that the parked command would have answered.
  void reply_null(const client::Client& client, resp::Reply& reply) const;
  void answer_null(client::Client& client);
  bool fire_deadlines();
  bool fire_deadlines_measured();
  bool fire_timeouts();
  bool fire_synced();
  [[nodiscard]] bool deadlines_paused() const;

  Services& services_;
  UnitRunner& units_;
  AccessCheck& access_;
  Eviction& eviction_;
  uint64_t synced_offset_ = 0;
  int64_t kept_ms_ = 0;  // the last moment at which deadlines could be kept
  bool holding_ = false;
  std::deque<Service> unserved_;  // of the generation being served, in the order touched
  bool serving_ = false;
};

}  // namespace sluice::exec
