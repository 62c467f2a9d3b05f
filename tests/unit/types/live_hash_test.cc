#include "types/live_hash.h"

#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "unit/types/fixture.h"

namespace sluice::types {

namespace {

// Fields 0 to count - 1; every third is due at 100, the next one at 200, the last has none.
Hash sample(Fixture& fixture, int count) {
  Hash hash(fixture.context);
  for (int i = 0; i < count; ++i) {
    const std::string field = std::to_string(i);
    hash.set(field, "v" + field);
    if (i % 3 != 2) hash.set_deadline(field, i % 3 == 0 ? 100 : 200);
  }
  return hash;
}

std::map<std::string, std::string> shown(const LiveHash& hash) {
  std::map<std::string, std::string> all;
  hash.for_each([&](const ds::Element& field, const ds::Element& value) { all[str(field)] = str(value); });
  return all;
}

}  // namespace

TEST_CASE("LiveHash: shows what is not due, in both forms") {
  for (const int count : {30, 900}) {
    Fixture fixture;
    const Hash hash = sample(fixture, count);
    const auto third = static_cast<size_t>(count) / 3;
    CHECK(LiveHash(hash, 99).size() == 3 * third);
    CHECK(LiveHash(hash, 100).size() == 2 * third);
    CHECK(LiveHash(hash, 200).size() == third);
    const LiveHash live(hash, 150);
    CHECK_FALSE(live.contains("0"));
    CHECK_FALSE(live.get("3"));
    CHECK(live.value_length("3") == 0);
    CHECK(live.contains("1"));
    CHECK(str(*live.get("1")) == "v1");
    CHECK(live.value_length("2") == 2);
    CHECK(live.deadline_ms("1") == 200);
    CHECK(live.deadline_ms("2") == kNeverExpires);
    CHECK_FALSE(live.contains("none"));
    const auto all = shown(live);
    CHECK(all.size() == 2 * third);
    CHECK(all.count("0") == 0);
    CHECK(all.at("4") == "v4");
    std::set<std::string> scanned;
    uint64_t cursor = 0;
    do {
      cursor = live.scan(cursor, 20, [&](const ds::Element& field, const ds::Element&) {
        CHECK(scanned.insert(str(field)).second);
      });
    } while (cursor != 0);
    CHECK(scanned.size() == 2 * third);
    CHECK(shown(LiveHash(hash, INT64_MIN)).size() == 3 * third);
  }
}

TEST_CASE("LiveHash: draws only what lives, each alike, even where few do") {
  for (const int count : {30, 900}) {
    Fixture fixture;
    base::Random random(3);
    Hash hash = sample(fixture, count);
    for (const int64_t now_ms : {int64_t{0}, int64_t{100}, int64_t{200}}) {
      const LiveHash live(hash, now_ms);
      std::set<std::string> drawn;
      for (int i = 0; i < count * 15; ++i) {
        const auto [field, value] = live.random(random);
        REQUIRE(str(value) == "v" + str(field));
        drawn.insert(str(field));
      }
      CHECK(drawn.size() == live.size());
      for (const size_t wanted : {size_t{1}, live.size() / 2, live.size()}) {
        std::set<std::string> chosen;
        live.sample(wanted, random, [&](const ds::Element& field, const ds::Element&) {
          CHECK(live.contains(str(field)));
          chosen.insert(str(field));
        });
        CHECK(chosen.size() == wanted);
      }
    }
    for (int i = 1; i < count; ++i) hash.set_deadline(std::to_string(i), 50);
    hash.set_deadline("0", kNeverExpires);
    CHECK(str(LiveHash(hash, 60).random(random).first) == "0");
  }
}

}  // namespace sluice::types
