// LatencyMonitor: what took longer than `latency-monitor-threshold`, by kind of event, as LATENCY shows it:
// of each kind the last samples, the slowest of every second, and the worst since the reset. Bounded. The
// executor and the server decide what is an event and measure it; neither clock nor client is known here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/bytes.h"

namespace sluice::exec {

inline constexpr size_t kLatencySamples = 160;  // kept of each kind

enum class LatencyEvent : uint8_t {
  kAofWrite,       // the log's batch, at the end of a turn
  kCommand,        // commands that may take long
  kEvictionCycle,  // one slice of keys that go since memory is full
  kExpireCycle,    // one slice of keys whose time has come
  kFastCommand,    // commands that should never take long
};
inline constexpr size_t kLatencyEvents = 5;

// As LATENCY names it.
[[nodiscard]] base::ByteView name_of(LatencyEvent event);
[[nodiscard]] std::optional<LatencyEvent> latency_event(base::ByteView name);

struct LatencySample {
  int64_t time_s;  // unix
  int64_t duration_ms;
};

class LatencyMonitor {
 public:
  struct Series {
    std::deque<LatencySample> samples;  // oldest first
    int64_t worst_ms = 0;
  };

  void add(LatencyEvent event, int64_t now_us, int64_t duration_us);
  // False if there was nothing to forget.
  bool forget(LatencyEvent event);
  [[nodiscard]] const Series& series(LatencyEvent event) const { return series_[index(event)]; }

 private:
  static size_t index(LatencyEvent event) { return static_cast<size_t>(event); }
  std::array<Series, kLatencyEvents> series_;
};

}  // namespace sluice::exec
