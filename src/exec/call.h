// Call: everything a handler sees while it runs one command. It reads `args`, looks at values through view()
// and changes them through edit(), writes one answer to `reply`, and returns an Outcome. What it did reaches
// the log, the watchers and the waiters without its help; only when the log must say something else than what
// was asked does it call propagate_as().
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "client/client.h"
#include "exec/args.h"
#include "exec/blocking.h"
#include "exec/services.h"
#include "exec/table.h"
#include "exec/unit.h"
#include "keyspace/edit.h"
#include "resp/parser.h"
#include "resp/reply.h"

namespace sluice::exec {

// Whom a record of the log is for. What Redis 7.0 has no command for is hidden from it (resp/extension.h):
// it loads the log all the same, and lacks only that.
enum class RecordFor : uint8_t { kEverybody, kSluice };

// How a command came to run.
enum class Entrance : uint8_t {
  kDirect,  // sent by a client
  kQueued,  // inside EXEC
  kScripted,
  kRerun,    // parked before, and its moment may have come
  kTimeUp,   // parked before, and it may wait no longer (Park::answers_late)
  kResumed,  // suspended before (scripts)
  kReplay,   // from the log
  kFiring,   // by a deadline: for nobody, and logged only as what it says by propagate_as()
};

// What is to run, for whom, and where its answer goes.
struct Origin {
  Command& command;
  client::Client& client;
  std::span<const base::ByteView> words;
  resp::Reply& reply;
  Entrance entrance;
};

class Call;

// One argument of a command that the log gets with another word in its place.
struct ReplacedArgument {
  size_t index;
  base::ByteView word;
};

// What a lookup for reading leaves behind: a hit or a miss counted, a miss announced to who asked for that
// unless the command is `silent`. Call::view() does it itself.
void looked_up(Call& call, base::ByteView key, bool hit, bool silent = false);

class Call {
 public:
  Args args;
  resp::Reply& reply;
  client::Client& client;
  Services& on;
  Command& command;
  const Entrance entrance;

  Call(Services& services, Unit& unit, const Origin& origin);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] Unit& unit() { return unit_; }
  // For lookups that are not of one type, through on.keyspace; and the time of the unit.
  [[nodiscard]] const keyspace::Access& access() const { return access_; }

  // A value to read. Counts hits and misses.
  template <class T>
  base::Result<keyspace::View<T>, keyspace::Refusal> view(base::ByteView key) {
    auto found = keyspace::view<T>(on.keyspace, access_, key);
    looked_up(*this, key, !found.ok() || static_cast<bool>(*found));
    return found;
  }
  // A value to change, created if absent; and one that may be absent.
  template <class T>
  base::Result<keyspace::Edit<T>, keyspace::Refusal> edit(base::ByteView key) {
    return keyspace::edit<T>(on.keyspace, access_, key);
  }
  template <class T>
  base::Result<keyspace::Edit<T>, keyspace::Refusal> edit_existing(base::ByteView key) {
    return keyspace::edit_existing<T>(on.keyspace, access_, key);
  }

  // Replies an error, and counts it.
  Outcome fail(base::ByteView error);
  Outcome fail(keyspace::Refusal refusal);

  // The log gets this in place of the command as received, if anything changed. May be called several times.
  void propagate_as(std::span<const base::ByteView> words, RecordFor reader = RecordFor::kEverybody);
  // The command as received, with another word in one place.
  void propagate_as(const ReplacedArgument& argument);
  void propagate_as(std::initializer_list<base::ByteView> words) {
    propagate_as(std::span<const base::ByteView>(words.begin(), words.size()));
  }

  // Waits, unless this runs inside EXEC, a script or the log's replay: then the null of `reason` is the
  // answer. `as` replaces the arguments with which the command will run again (XREAD's `$` resolved).
  Outcome block_on(const Park& reason, std::span<const base::ByteView> as = {});

  // The argument as an owned buffer: adopted without copying when the parser holds it as a big bulk.
  base::Bytes take(size_t index);

 private:
  friend class Executor;    // FLUSHDB and SWAPDB move the database under it
  friend class UnitRunner;  // reads what is to be logged

  [[nodiscard]] bool is_recorded() const;

  Unit& unit_;
  keyspace::Access access_;
  base::ByteView wire_;          // the request as received, if contiguous
  resp::Parser* big_ = nullptr;  // may hold big arguments that the value can adopt
  base::Bytes records_;          // of propagate_as, one behind the other
  size_t record_count_ = 0;
};

// Whether Call::block_on() would wait.
[[nodiscard]] inline bool may_wait(const Call& call) {
  return call.entrance == Entrance::kDirect || call.entrance == Entrance::kRerun;
}
// Monotonic milliseconds `timeout_ms` from now; 0 stays 0: forever.
[[nodiscard]] int64_t deadline_in(const Call& call, int64_t timeout_ms);

}  // namespace sluice::exec
