// What every test of a value needs: a seed, an epoch and a context around them, and elements as plain
// strings.
#pragma once

#include <cstdint>
#include <string>

#include "base/number.h"
#include "base/random.h"
#include "ds/listpack.h"
#include "types/value_context.h"

namespace sluice::types {

struct Fixture {
  ds::HashSeed seed{42};
  ds::Epoch epoch;
  ValueContext context{seed, epoch};
};

inline std::string str(const ds::Element& element) {
  base::NumberText buffer;
  return std::string(element.to_text(buffer));
}

// Members as queues have them: small numbers, numbers that only look like some, identifiers, a few long ones.
inline std::string random_member(base::Random& random, uint64_t space, bool long_ones) {
  const uint64_t number = random.below(space);
  switch (number % 5) {
    case 0:
      return std::to_string(static_cast<int64_t>(number) - 40);
    case 1:
      return "0" + std::to_string(number);
    case 2:
      return "job:" + std::to_string(number * 7919);
    case 3:
      return std::string("\0\xff", 2) + std::to_string(number);
    default:
      return long_ones ? std::string(60 + number % 250, 'x') + std::to_string(number)
                       : std::to_string(number << 40);
  }
}

}  // namespace sluice::types
