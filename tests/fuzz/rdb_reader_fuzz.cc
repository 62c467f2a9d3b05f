// Any bytes as an RDB file, as the records of one with a good head, and as a DUMP payload: read or refused,
// in bounded steps and bounded memory; and what was read is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "snapshot/dump.h"
#include "snapshot/reader.h"
#include "unit/snapshot/text_source.h"

using namespace sluice;
using namespace sluice::snapshot;

namespace {

struct Checker final : EntrySink {
  explicit Checker(keyspace::Keyspace& to) : keyspace(to) {}

  base::Result<void> entry(LoadedEntry entry) override {
    // Forms may change, since they are decided anew; what is in them may not.
    auto again = restore_value(dump_value(entry.value, false), keyspace);
    if (!again.ok() || keyspace::element_count(*again) != keyspace::element_count(entry.value)) std::abort();
    return {};
  }
  base::Result<void> aux(base::ByteView, base::ByteView) override { return {}; }

  keyspace::Keyspace& keyspace;
};

void read(const std::string& file, uint64_t budget, keyspace::Keyspace& keyspace) {
  TextSource source(file, 1 + file.size() / 3);
  Checker sink(keyspace);
  Reader reader(source, file.size(), keyspace, sink);
  // A step reads at least a byte, opens a value or hands one over.
  for (size_t steps = 0; steps < 4 * file.size() + 100; ++steps) {
    const auto done = reader.load_on(budget);
    if (!done.ok() || *done) return;
  }
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  keyspace::Keyspace keyspace(1, 1);
  read(bytes, 1 + size % 7, keyspace);
  // The checksum of a file cannot be guessed: here it is none.
  read("REDIS0012" + bytes + '\xff' + std::string(8, '\0'), UINT64_MAX, keyspace);
  if (size >= 10) (void)restore_value(bytes, keyspace);
  return 0;
}
