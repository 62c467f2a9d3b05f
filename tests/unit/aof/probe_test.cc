#include "aof/probe.h"

#include <string>

#include <doctest/doctest.h>

#include "aof/frame.h"
#include "support/memory_fs.h"

using namespace sluice::aof;
using sluice::testing::MemoryFs;

namespace {

constexpr uint64_t kSeed = 99;

std::string batch(const std::string& bytes, uint64_t start, uint64_t synced, uint64_t seed = kSeed) {
  Bytes out = bytes;
  append_annotation(out, {0, bytes.size(), start + bytes.size(), synced}, bytes, seed);
  return out;
}

struct Probed {
  std::optional<uint64_t> synced;
  bool own = false;
  bool gave_up = false;
};

// Breaks at file offset 3 and journal offset 50.
Probed probe(const std::string& behind, size_t budget) {
  MemoryFs fs;
  fs.put("f", "abc" + behind);
  auto file = fs.open("f", sluice::base::kOpenRead);
  AnnotationProbe prober(**file, 3 + behind.size(), {3, 50, kSeed});
  while (!*prober.step(budget)) {
  }
  return {prober.synced(), prober.own_annotation(), prober.gave_up()};
}

}  // namespace

TEST_CASE("Probe: nothing behind the break is nothing") {
  CHECK_FALSE(probe("", 100).synced);
  CHECK_FALSE(probe(std::string(10'000, '\0'), 100).synced);
  CHECK_FALSE(probe("#XXH3:", 100).synced);
}

TEST_CASE("Probe: the highest synced offset of valid annotations counts, in chunks of any size") {
  const std::string bytes =
      "broken" + batch("second", 56, 50) + batch("third", 62, 56) + batch("fourth", 67, 56);
  for (const size_t budget : {size_t{1}, size_t{97}, size_t{100}, size_t{1000}})
    CHECK(probe(bytes, budget).synced == 56);
}

TEST_CASE("Probe: an annotation that ends evenly, without its CR, counts as well") {
  std::string second = batch("second", 56, 50);
  second.erase(second.size() - 2, 1);
  for (const size_t budget : {size_t{1}, size_t{100}}) {
    CHECK(probe("broken" + second, budget).synced == 50);
    CHECK(probe("broken" + second + batch("third", 62, 56), budget).synced == 56);
  }
}

TEST_CASE("Probe: annotations of another seed, of another place or with a wrong hash do not count") {
  CHECK_FALSE(probe("broken" + batch("second", 56, 50, kSeed + 1), 100).synced);
  CHECK_FALSE(probe("broken" + batch("second", 40, 40), 100).synced);      // before the break
  CHECK_FALSE(probe("broken" + batch("second", 5000, 5000), 100).synced);  // too far behind it
  std::string wrong = "broken" + batch("second", 56, 50);
  wrong[8] = 'X';
  CHECK_FALSE(probe(wrong, 100).synced);
}

TEST_CASE("Probe: the broken batch's own annotation is recognised though its hash does not hold") {
  std::string bytes = batch("broken", 50, 50);
  bytes[0] = 'X';
  CHECK(probe(bytes, 100).own);
  CHECK_FALSE(probe(bytes, 100).synced);
  CHECK_FALSE(probe("x" + bytes, 100).own);
}

TEST_CASE("Probe: lines that all pretend to end a long batch are given up, not read for ever") {
  const std::string body(400'000, 'b');
  std::string bytes = body;
  for (int i = 0; i < 2000; ++i) bytes += "#XXH3:0123456789abcdef:390000:390060:50\r\n";
  CHECK(probe(bytes, 1 << 20).gave_up);
}
