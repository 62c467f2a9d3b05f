// UnitRunner: runs commands as units and closes them: the handler, then its records, its touched keys and its
// events (the command), then its effects to the sink and its offset to the replies (the unit). Owns the unit
// at hand and the time it sees. Knows neither gates nor who waits: the executor decides what runs, this does
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "exec/call.h"
#include "exec/effects.h"
#include "exec/services.h"
#include "keyspace/deadlines.h"

namespace sluice::exec {

struct Request {
  std::span<const base::ByteView> words;
  base::ByteView wire = {};     // the same as it came, when canonical and contiguous
  resp::Parser* big = nullptr;  // holds big arguments
};

// Keys forgotten at once because there are too many of them, beside those that made room necessary.
inline constexpr size_t kForgottenAtOnce = 100;

// What one change that a stream makes by itself costs, where a key that expires costs 1: an entry is read,
// appended, logged.
inline constexpr size_t kWorkPerFiredChange = 2;

class UnitRunner {
 public:
  UnitRunner(Services& services, EffectSink& sink);

  void refresh_clock();
  [[nodiscard]] int64_t now_us() const { return monotonic_us_ + unix_offset_us_; }
  // For LATENCY, if it took long enough.
  void note_latency(LatencyEvent event, int64_t duration_us);
  [[nodiscard]] int64_t monotonic_us() const { return monotonic_us_; }
  [[nodiscard]] int64_t unix_offset_us() const { return unix_offset_us_; }
  [[nodiscard]] uint64_t offset() const { return sink_.offset(); }

  // Begins the unit at hand anew. REQUIRES: the one before was closed or set aside.
  Unit& begin();
  [[nodiscard]] Unit& unit() { return *unit_; }
  // The unit at hand, for a script that goes on later.
  std::unique_ptr<Unit> set_aside();
  // A command as a unit of its own, which the caller closes.
  Outcome run(const Origin& origin, const Request& request);
  // One that was set aside. `started_us` is monotonic.
  Outcome go_on(Unit& unit, const Origin& origin, int64_t started_us);
  // A command within the unit of `outer`.
  Outcome invoke(Call& outer, const Origin& origin);
  // Hands the unit's effects on and tags what the client was answered behind `reply_mark`.
  void close(Unit& unit, client::Client& client, size_t reply_mark);
  // CLIENT REPLY: takes the answer back if it is not wanted. close() does it itself.
  static void settle_reply(client::Client& client, size_t reply_mark);
  // What CLIENT CACHING said holds for one command, or one transaction. `command`: what has ended, null if
  // unknown. run() does it itself.
  static void spend_caching(client::Client& client, const Command* command);
  // A key whose time has come goes, as a unit; of a hash's fields so many as go at once. Returns how much
  // went: keys, or fields, but at least 1.
  size_t expire(const keyspace::Due& due);
  // Something of a stream acts, since its moment has come: a bounded part of it, as a unit, after which the
  // stream is filed again. Returns how much work that was, at least 1; a key that expires is 1.
  size_t fire(const keyspace::Due& due);
  // A key goes since memory is full, as a unit.
  void evict(keyspace::Database& db, keyspace::Entry& entry);
  // One record of the log. Fails when it cannot be replayed.
  base::Result<void> replay(client::Client& loader, std::span<const base::ByteView> words);
  // For commands that are not shown by themselves (kSkipMonitor).
  void show_to_monitors(const Call& call);

 private:
  Outcome run_command(Call& call, int64_t started_us);
  void close_command(Call& call);
  void record_expired(Unit& unit);
  void close_removal(Unit& unit);
  // `author`: the client as which the command ran, or 0.
  void apply_changes(Unit& unit, bool replaying, client::ClientId author);
  void notify(Unit& unit, const keyspace::Change& change);
  // CLIENT TRACKING: what was read, and what was changed by the client `author`.
  void note_reads(const Call& call);
  void invalidate(Unit& unit, const keyspace::Change& change, client::ClientId author);
  void count(Call& call, int64_t started_us);

  Services& services_;
  EffectSink& sink_;
  std::unique_ptr<Unit> unit_;
  int64_t monotonic_us_ = 0;
  int64_t unix_offset_us_ = 0;
  // What was replayed last: one record is mostly like the one before.
  base::Bytes replayed_name_;
  Command* replayed_ = nullptr;
  base::Bytes replay_answer_;
  // Whom a deadline fires for, and as what.
  client::Client nobody_{0};
  Command firing_;
  std::vector<KeyArgument> keys_read_;  // reused
};

}  // namespace sluice::exec
