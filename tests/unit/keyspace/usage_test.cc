#include "keyspace/usage.h"

#include <doctest/doctest.h>

namespace sluice::keyspace {

namespace {

constexpr int64_t kNow = 1'700'000'000;
constexpr int64_t kMinute = 60;

UsageRules counting(uint32_t log_factor = 10, uint32_t decay_minutes = 1) {
  UsageRules rules;
  rules.counts = true;
  rules.log_factor = log_factor;
  rules.decay_minutes = decay_minutes;
  return rules;
}

// The frequency after so many uses at once.
int after_uses(int uses, uint32_t log_factor) {
  const UsageRules rules = counting(log_factor);
  base::Random random(7);
  Usage usage = Usage::fresh(rules, kNow);
  for (int i = 0; i < uses; ++i) usage = usage.used(rules, kNow, random);
  return usage.frequency(rules, kNow);
}

}  // namespace

TEST_CASE("Usage: takes four bytes") {
  static_assert(sizeof(Usage) == 4);
}

TEST_CASE("Usage: a time tells the seconds since, and none when the clock was set back") {
  const UsageRules rules;
  base::Random random(1);
  const Usage usage = Usage::fresh(rules, kNow - 100).used(rules, kNow, random);
  CHECK(usage == Usage::at(kNow));
  CHECK(usage.idle_s(kNow) == 0);
  CHECK(usage.idle_s(kNow + 12345) == 12345);
  CHECK(usage.idle_s(kNow - 10) == 0);
  CHECK(usage.clock_s(kNow + 99) == (kNow & 0xffffff));
}

TEST_CASE("Usage: seconds go on beyond what 31 bits hold") {
  constexpr int64_t kLate = (int64_t{1} << 31) - 10;
  CHECK(Usage::at(kLate).idle_s(kLate + 25) == 25);
}

TEST_CASE("Usage: a frequency rises with use as the documented table says") {
  CHECK(after_uses(0, 10) == Usage::kNewFrequency);
  CHECK(after_uses(250, 0) == UINT8_MAX);
  CHECK(after_uses(20, 0) == Usage::kNewFrequency + 20);
  // With factor 10: 10 after a hundred uses, 18 after a thousand, 142 after a hundred thousand.
  CHECK(after_uses(100, 10) >= 8);
  CHECK(after_uses(100, 10) <= 12);
  CHECK(after_uses(1000, 10) >= 14);
  CHECK(after_uses(1000, 10) <= 22);
  CHECK(after_uses(100'000, 10) >= 135);
  CHECK(after_uses(100'000, 10) <= 150);
}

TEST_CASE("Usage: a frequency sinks by one for every period without use") {
  const Usage usage = Usage::of_frequency(100, kNow - kNow % kMinute);
  const int64_t now = kNow - kNow % kMinute;
  CHECK(usage.frequency(counting(), now + 59) == 100);
  CHECK(usage.frequency(counting(), now + 30 * kMinute) == 70);
  CHECK(usage.frequency(counting(10, 10), now + 30 * kMinute) == 97);
  CHECK(usage.frequency(counting(), now + 1000 * kMinute) == 0);
  CHECK(usage.frequency(counting(10, 0), now + 1000 * kMinute) == 100);
  CHECK(usage.frequency(counting(), now - 1000 * kMinute) == 100);
}

TEST_CASE("Usage: what sank counts when it is used again") {
  base::Random random(1);
  const UsageRules rules = counting(0);
  const Usage later = Usage::of_frequency(100, kNow).used(rules, kNow + 10 * kMinute, random);
  CHECK(later.frequency(rules, kNow + 10 * kMinute) == 91);
  CHECK(later.idle_s(kNow + 10 * kMinute) == 0);
}

TEST_CASE("Usage: read by the other rules a time is a new key left alone, a frequency its minute") {
  const Usage time = Usage::at(kNow);
  CHECK(time.frequency(counting(), kNow) == Usage::kNewFrequency);
  CHECK(time.frequency(counting(), kNow + 3 * kMinute) == Usage::kNewFrequency - 3);
  const Usage frequency = Usage::of_frequency(77, kNow);
  CHECK(frequency.idle_s(kNow + 10 * kMinute) == 10 * kMinute);
  base::Random random(1);
  CHECK(frequency.used(UsageRules(), kNow, random) == Usage::at(kNow));
}

TEST_CASE("Usage: a key that comes back has what the rules can use of its record") {
  Usage::Record record;
  record.idle_s = 500;
  record.frequency = uint8_t{200};
  CHECK(Usage::fresh(UsageRules(), kNow, record).idle_s(kNow) == 500);
  CHECK(Usage::fresh(counting(), kNow, record).frequency(counting(), kNow) == 200);
  record = {};
  CHECK(Usage::fresh(counting(), kNow, record).frequency(counting(), kNow) == Usage::kNewFrequency);
  record.idle_s = UINT64_MAX;
  CHECK(Usage::fresh(UsageRules(), kNow, record).idle_s(kNow) == (int64_t{1} << 30) - 1);
}

}  // namespace sluice::keyspace
