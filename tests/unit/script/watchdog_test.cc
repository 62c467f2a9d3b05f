#include "script/watchdog.h"

#include <atomic>
#include <future>

#include <doctest/doctest.h>

#include "base/clock.h"

using namespace sluice;

TEST_CASE("Watchdog: a run past its limit raises the alarm") {
  base::SystemClock clock;
  std::promise<void> alarmed;
  std::atomic<bool> first{true};
  script::Watchdog watchdog(clock, 1000, [&] {
    if (first.exchange(false)) alarmed.set_value();
  });
  watchdog.begin_run(clock.monotonic_us());
  CHECK(alarmed.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  watchdog.end_run();
}

TEST_CASE("Watchdog: runs that end in time raise none, and it stops while asleep or watching") {
  base::SystemClock clock;
  std::atomic<int> alarms{0};
  {
    script::Watchdog watchdog(clock, 60'000'000, [&] { ++alarms; });
    for (int i = 0; i < 1000; ++i) {
      watchdog.begin_run(clock.monotonic_us());
      watchdog.end_run();
    }
    watchdog.begin_run(clock.monotonic_us());
  }
  CHECK(alarms == 0);
}

TEST_CASE("Watchdog: a shorter limit counts for the run in progress, even after one that never ends") {
  base::SystemClock clock;
  std::promise<void> alarmed;
  std::atomic<bool> first{true};
  script::Watchdog watchdog(clock, INT64_MAX / 4, [&] {
    if (first.exchange(false)) alarmed.set_value();
  });
  watchdog.begin_run(clock.monotonic_us());
  watchdog.set_limit(1000);
  CHECK(alarmed.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  watchdog.end_run();
}
