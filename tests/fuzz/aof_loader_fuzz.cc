// Any bytes as the last increment of a log, behind a good one: the loader loads, cuts or refuses, in bounded
// steps, and what it repaired loads again with the same records.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "support/log_fixture.h"

using namespace sluice;
using namespace sluice::testing;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  // The hash of a header cannot be guessed: half of the inputs get a good one.
  aof::Bytes header;
  if (size % 2 == 0) aof::append_header(header, {1, 0, 0, 0});
  MemoryFs fs;
  aof::Manifest manifest;
  manifest.increments = {{"appendonly.aof.1.incr.aof", 1}};
  fs.put(kManifestPath, aof::encode_manifest(manifest));
  fs.put(kFirstIncrement, header + bytes);
  const LoadOutcome first = load(fs, {}, 1 + size % 100);
  if (!first.ok()) return 0;
  const LoadOutcome again = load(fs);
  if (!again.ok() || again.records != first.records) std::abort();
  return 0;
}
