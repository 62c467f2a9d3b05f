// What a member of each encoding holds in resident memory: one case an encoding, by the name that OBJECT
// ENCODING has for it, filled into an empty server. `scripts/bench --memory` prints them as one table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/closed_loop.h"
#include "bench/measure.h"

namespace sluice::bench {

struct Encoding {
  std::string name;                  // of the type, and of its encoding in Redis 7.2
  std::vector<std::string> request;  // adds `members` of them, to a key of its own or to the one big key
  uint64_t members = 1;
};

// As many members of each are made.
inline constexpr uint64_t kEncodedMembers = 1'000'000;

std::vector<Encoding> all_encodings();

std::vector<Row> run_encoding(const Target& target, const std::string& name, const Encoding& encoding);

}  // namespace sluice::bench
