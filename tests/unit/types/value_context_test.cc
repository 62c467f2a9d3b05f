#include "types/value_context.h"

#include <doctest/doctest.h>

namespace sluice::types {

TEST_CASE("StreamLimits: an approximate trim looks at a hundred blocks, within bounds") {
  StreamLimits limits;
  CHECK(limits.default_trim_limit() == 10000);
  limits.node_max_entries = 3;
  CHECK(limits.default_trim_limit() == 300);
  limits.node_max_entries = 0;
  CHECK(limits.default_trim_limit() == 10000);
  limits.node_max_entries = 50000;
  CHECK(limits.default_trim_limit() == 1000000);
}

}  // namespace sluice::types
