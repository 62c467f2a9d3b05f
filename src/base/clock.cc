#include "base/clock.h"

#include <cerrno>
#include <ctime>

namespace sluice::base {

namespace {

int64_t read_us(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return int64_t{ts.tv_sec} * 1'000'000 + ts.tv_nsec / 1'000;
}

}  // namespace

int64_t SystemClock::unix_us() const {
  return read_us(CLOCK_REALTIME);
}
int64_t SystemClock::monotonic_us() const {
  return read_us(CLOCK_MONOTONIC);
}
void SystemClock::sleep_us(int64_t for_us) const {
  timespec left{};
  left.tv_sec = for_us / 1'000'000;
  left.tv_nsec = for_us % 1'000'000 * 1'000;
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

}  // namespace sluice::base
