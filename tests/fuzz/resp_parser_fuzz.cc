// The request parser must hand out the same requests however its input is cut, keep to its limits, and say
// the same last word. The first byte of an input chooses limits and cuts; the rest is what a client sends.
#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "base/random.h"
#include "support/parser_feed.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t choice = data[0];
  const base::ByteView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  resp::ParserLimits limits;
  limits.authenticated = (choice & 1) == 0;
  if ((choice & 2) != 0) limits.max_bulk_bytes = 64 << 10;
  if ((choice & 4) != 0) limits.max_args = 100;

  const testing::Heard whole = testing::feed_in_pieces(bytes, limits, [&] { return bytes.size(); });
  base::Random random(choice);
  const uint64_t longest = 1 + random.below(64);
  const testing::Heard pieces =
      testing::feed_in_pieces(bytes, limits, [&] { return 1 + random.below(longest); });
  SLUICE_CHECK(pieces.requests == whole.requests, "cutting the input changed the requests");
  SLUICE_CHECK(pieces.wires == whole.wires, "cutting the input changed the wire form");
  SLUICE_CHECK(pieces.error == whole.error, "cutting the input changed the error");
  for (size_t i = 0; i < whole.requests.size(); ++i) {
    SLUICE_CHECK(!whole.requests[i].empty(), "a request without a name");
    if (whole.wires[i].empty()) continue;
    SLUICE_CHECK(whole.wires[i] == testing::multibulk(whole.requests[i]),
                 "a wire form that is not canonical");
  }
  return 0;
}
