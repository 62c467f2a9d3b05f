// Any bytes as a manifest: parsed or refused; what is parsed, written and parsed again is the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "aof/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::aof;
  const ByteView text(reinterpret_cast<const char*>(data), size);
  auto first = parse_manifest(text, "manifest");
  if (!first) return 0;
  auto again = parse_manifest(encode_manifest(*first), "manifest");
  // Quoting may make a name longer than a line may be.
  if (!again) return again.error().message.find("longer") == std::string::npos ? (std::abort(), 0) : 0;
  const bool same = again->base == first->base && again->history == first->history &&
                    again->increments == first->increments && again->unfinished == first->unfinished;
  if (!same) std::abort();
  return 0;
}
