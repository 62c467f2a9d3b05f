#include "support/whole_snapshot.h"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "snapshot/reader.h"
#include "unit/snapshot/text_source.h"
#include "unit/snapshot/value_text.h"

using namespace sluice;
using namespace sluice::snapshot;
using keyspace::Keyspace;
using keyspace::Value;

namespace {

struct Collector final : EntrySink {
  base::Result<void> entry(LoadedEntry entry) override {
    found[std::to_string(entry.db) + " " + std::string(entry.key)] =
        ValueText::of(entry.value) + (entry.expiry_ms ? " until " + std::to_string(*entry.expiry_ms) : "");
    return {};
  }
  base::Result<void> aux(base::ByteView, base::ByteView) override { return {}; }
  std::map<std::string, std::string> found;
};

}  // namespace

TEST_CASE("Whole snapshot: every key of every database is in the file, once, with its deadline") {
  Keyspace keyspace(4, 1);
  for (int i = 0; i < 500; ++i) {
    keyspace::Database& db = keyspace.database(i % 3);
    keyspace::Entry& entry =
        db.insert("key" + std::to_string(i), types::StringValue::from_text("value" + std::to_string(i)));
    if (i % 5 == 0) keyspace.deadlines().set_expiry(db, entry, 1'000'000 + i);
  }
  for (const bool compress : {false, true}) {
    const base::Bytes file = testing::encode_keyspace(keyspace, {}, compress);
    TextSource source(file);
    Collector sink;
    Reader reader(source, file.size(), keyspace, sink);
    const auto done = reader.load_on(UINT64_MAX);
    REQUIRE(done.ok());
    CHECK(reader.entries() == 500);
    CHECK(reader.verified());
    CHECK(sink.found.size() == 500);
    CHECK(sink.found["1 key4"] == "embstr: value4");
    CHECK(sink.found["2 key5"] == "embstr: value5 until 1000005");
  }
}
