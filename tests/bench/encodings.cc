#include "bench/encodings.h"

#include <utility>

#include "bench/wire.h"

namespace sluice::bench {

namespace {

using Words = std::vector<std::string>;

constexpr size_t kPipeline = 16;
constexpr uint64_t kRandomRange = 1'000'000'000'000;
constexpr uint64_t kPackedMembers = 20;  // of a small value, as a job's hash or a set of tags has

// `command key` with kPackedMembers times what `member` makes of its number, into a key of its own.
template <typename Member>
Encoding packed(const std::string& name, const std::string& command, Member member) {
  Words request{command, "bench:packed:" + std::string(kCounter)};
  for (uint64_t number = 0; number < kPackedMembers; ++number) {
    for (std::string& word : member(std::to_string(10 + number))) request.push_back(std::move(word));
  }
  return {name, std::move(request), kPackedMembers};
}

}  // namespace

std::vector<Encoding> all_encodings() {
  const std::string counter(kCounter);
  const std::string random(kRandom);
  const std::string key = "bench:key:" + counter;
  const std::string big = "bench:big";
  return {
      {"string-int", {"SET", key, "1" + random}},
      {"string-embstr", {"SET", key, "value:" + random}},
      {"string-raw", {"SET", key, payload()}},
      packed("list-listpack", "RPUSH",
             [&](const std::string& n) { return Words{"item:" + n + ":" + random}; }),
      {"list-quicklist", {"RPUSH", big, "item:" + random}},
      packed("hash-listpack", "HSET",
             [&](const std::string& n) {
               return Words{"field:" + n, "value:" + random};
             }),
      {"hash-hashtable", {"HSET", big, "field:" + counter, "value:" + random}},
      packed("set-intset", "SADD", [&](const std::string& n) { return Words{n + random}; }),
      packed("set-listpack", "SADD",
             [&](const std::string& n) { return Words{"member:" + n + ":" + random}; }),
      {"set-hashtable", {"SADD", big, "member:" + counter}},
      packed("zset-listpack", "ZADD",
             [&](const std::string& n) {
               return Words{"1" + random, "member:" + n};
             }),
      {"zset-skiplist", {"ZADD", big, "1" + random, "member:" + counter}},
      {"stream", {"XADD", big, "*", "user", random, "job", payload()}},
  };
}

std::vector<Row> run_encoding(const Target& target, const std::string& name, const Encoding& encoding) {
  const int64_t empty = resident_bytes(target.pid);
  ClosedLoop fill;
  fill.requests.push_back(encoding.request);
  fill.pipeline = kPipeline;
  fill.operations = scaled(target, kEncodedMembers / encoding.members);
  fill.random_range = kRandomRange;
  static_cast<void>(run_closed(target, name, fill));
  Row row;
  row.name = name;
  row.bytes_per_item = static_cast<double>(resident_bytes(target.pid) - empty) /
                       static_cast<double>(fill.operations * encoding.members);
  return {row};
}

}  // namespace sluice::bench
