#include "exec/eviction.h"

#include <algorithm>
#include <utility>

namespace sluice::exec {

using Found = keyspace::Keyspace::Found;

namespace {

constexpr size_t kStepsPerMeasure = 8;  // between two looks at what is not counted
constexpr size_t kDeadKeysPassed = 64;  // of databases that FLUSHDB set aside, on the way to a live one

}  // namespace

// What is in the middle of something else stays as it is: whatever runs then waits or has its own refusal. A
// disk that fails keeps its refusal of writes, too, unless nothing would be evicted anyway.
bool Eviction::may_evict() const {
  const ServerState& state = services_.state;
  if (state.loading || state.script_busy || state.pause != PauseMode::kNone || state.log_is_behind)
    return false;
  return state.disk_error.empty() || services_.settings.evict_by == EvictBy::kNothing;
}

bool Eviction::over_limit(uint64_t limit) const {
  return services_.memory.used_bytes() > limit + services_.control.uncounted_memory_bytes();
}

Room Eviction::relieve() {
  if (!may_evict()) return Room::kEnough;
  const bool measured = services_.settings.latency_threshold_ms != 0;
  const int64_t started_us = measured ? services_.clock.monotonic_us() : 0;
  const Slice slice = evict_slice();
  if (measured) {
    units_.note_latency(LatencyEvent::kEvictionCycle, services_.clock.monotonic_us() - started_us);
  }
  unfinished_ = slice == Slice::kMore;
  Stats& stats = services_.stats;
  if (slice == Slice::kDone) {
    if (stats.eviction_exceeded_since_us != 0) end_exceeding();
    return Room::kEnough;
  }
  if (stats.eviction_exceeded_since_us == 0) {
    stats.eviction_exceeded_since_us = std::max<int64_t>(units_.monotonic_us(), 1);
  }
  if (slice == Slice::kMore) return Room::kEnough;
  const Settings& settings = services_.settings;
  const bool in_reserve = !over_limit(settings.maxmemory_bytes + settings.memory_reserve_bytes);
  return in_reserve ? Room::kReserve : Room::kNone;
}

void Eviction::end_exceeding() {
  Stats& stats = services_.stats;
  stats.eviction_exceeded_us += units_.monotonic_us() - stats.eviction_exceeded_since_us;
  stats.eviction_exceeded_since_us = 0;
}

Eviction::Slice Eviction::evict_slice() {
  const uint64_t limit = services_.settings.maxmemory_bytes;
  keyspace::Keyspace& keyspace = services_.keyspace;
  uint64_t uncounted = 0;
  for (size_t step = 0; step < kEvictionsPerSlice; ++step) {
    if (step % kStepsPerMeasure == 0) uncounted = services_.control.uncounted_memory_bytes();
    if (services_.memory.used_bytes() <= limit + uncounted) return Slice::kDone;
    // What nobody can reach goes before what somebody can.
    if (!keyspace.graveyard().empty()) {
      (void)keyspace.graveyard().step(kFreedPerEvictionStep, keyspace.deadlines());
    } else if (!evict_one()) {
      return Slice::kStuck;
    }
  }
  return over_limit(limit) ? Slice::kMore : Slice::kDone;
}

// False when there is nothing to evict.
bool Eviction::evict_one() {
  Found victim;
  switch (services_.settings.evict_by) {
    case EvictBy::kNothing:
      return false;
    case EvictBy::kIdleTime:
    case EvictBy::kFrequency:
      victim = most_dispensable();
      break;
    case EvictBy::kChance:
      victim = draw();
      break;
    case EvictBy::kDeadline:
      victim = first_due();
      break;
  }
  if (victim.entry == nullptr) return false;
  if (services_.keyspace.expired(*victim.entry, units_.now_us() / 1000)) {
    units_.expire({victim.db, victim.entry, keyspace::DeadlineKind::kKeyExpiry});
  } else {
    units_.evict(*victim.db, *victim.entry);
  }
  return true;
}

Found Eviction::first_due() {
  keyspace::Deadlines& deadlines = services_.keyspace.deadlines();
  for (size_t dead = 0; dead < kDeadKeysPassed && deadlines.keys() > 0; ++dead) {
    const keyspace::Due due = deadlines.front_key();
    if (!due.db->buried()) return {due.db, due.entry};
    deadlines.clear_expiry(*due.entry);
  }
  return {};
}

// Any key that the policy may take.
Found Eviction::draw() {
  if (!services_.settings.evict_volatile_only) return services_.keyspace.random_entry(services_.random);
  const keyspace::Deadlines& deadlines = services_.keyspace.deadlines();
  for (size_t dead = 0; dead < kDeadKeysPassed && deadlines.keys() > 0; ++dead) {
    const keyspace::Due due = deadlines.random_key(services_.random);
    if (!due.db->buried()) return {due.db, due.entry};
  }
  return {};
}

Found Eviction::most_dispensable() {
  // All that is remembered may be stale; what was drawn just now is not.
  constexpr int kRounds = 2;
  for (int round = 0; round < kRounds; ++round) {
    for (size_t sample = 0; sample < services_.settings.eviction_samples; ++sample) {
      const Found found = draw();
      if (found.entry == nullptr) return {};
      remember(found);
    }
    if (const Found best = take_best(); best.entry != nullptr) return best;
  }
  return {};
}

int64_t Eviction::dispensability(const keyspace::Usage& usage) const {
  const int64_t now_s = units_.now_us() / 1'000'000;
  const int64_t idle_s = usage.idle_s(now_s);
  if (services_.settings.evict_by == EvictBy::kIdleTime) return idle_s;
  // Of those that are used as seldom, the one unused longest.
  const int64_t seldom = UINT8_MAX - usage.frequency(services_.keyspace.usage_rules(), now_s);
  return seldom << 32 | idle_s;
}

void Eviction::remember(const Found& found) {
  const int db = found.db->index();
  const auto same = std::find_if(pool_.begin(), pool_.end(), [&](const Candidate& candidate) {
    return candidate.db == db && candidate.key == found.entry->key();
  });
  if (same != pool_.end()) {
    same->usage = found.entry->usage;
    return;
  }
  if (pool_.size() < kEvictionPool) {
    pool_.push_back({db, base::Bytes(found.entry->key()), found.entry->usage});
    return;
  }
  const auto least =
      std::min_element(pool_.begin(), pool_.end(), [this](const auto& left, const auto& right) {
        return dispensability(left.usage) < dispensability(right.usage);
      });
  if (dispensability(found.entry->usage) <= dispensability(least->usage)) return;
  *least = {db, base::Bytes(found.entry->key()), found.entry->usage};
}

// Out of the pool: the best that is still there and was not used since.
Found Eviction::take_best() {
  while (!pool_.empty()) {
    const auto best =
        std::max_element(pool_.begin(), pool_.end(), [this](const auto& left, const auto& right) {
          return dispensability(left.usage) < dispensability(right.usage);
        });
    const Candidate candidate = std::move(*best);
    if (best != pool_.end() - 1) *best = std::move(pool_.back());
    pool_.pop_back();
    keyspace::Database& db = services_.keyspace.database(candidate.db);
    keyspace::Entry* entry = db.find(candidate.key);
    if (entry == nullptr || !(entry->usage == candidate.usage)) continue;
    if (services_.settings.evict_volatile_only && entry->deadline == keyspace::kNoDeadline) continue;
    return {&db, entry};
  }
  return {};
}

}  // namespace sluice::exec
